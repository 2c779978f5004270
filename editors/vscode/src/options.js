"use strict";

const LANGUAGES = [
  "dockerfile",
  "yaml",
  "dockercompose",
  "python",
  "terraform",
  "hcl",
  "json",
  "jsonc",
  "properties",
  "dotenv",
  "ini",
  "helm",
];
/** Files whose language VS Code does not know by their names. */
const NAMES = "**/{*Dockerfile*,*Containerfile*,.env,*.dockerfile,*.nomad,*.container,*.image,*.tpl}";

/** The program to start: the settings' command, `lsp`, and the settings' arguments. */
function serverOptions(settings) {
  const [command, ...before] = settings.get("command", ["pinner"]);
  if (typeof command !== "string" || command === "") {
    throw new Error("pinner.command names no program");
  }
  return { command, args: [...before, "lsp", ...settings.get("arguments", [])], transport: 0 };
}

/** What the server is told of: files on disk alone. */
function clientOptions() {
  const languages = LANGUAGES.map((language) => ({ scheme: "file", language }));
  return { documentSelector: [...languages, { scheme: "file", pattern: NAMES }] };
}

module.exports = { LANGUAGES, clientOptions, serverOptions };
