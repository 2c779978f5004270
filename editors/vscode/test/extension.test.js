"use strict";

const assert = require("node:assert");
const Module = require("node:module");
const path = require("node:path");
const { spawnSync } = require("node:child_process");
const { test } = require("node:test");

const manifest = require("../package.json");
const { LANGUAGES, clientOptions, serverOptions } = require("../src/options");

const settings = (values) => ({ get: (name, otherwise) => values[name] ?? otherwise });

/** An editor that remembers what was done with it, and a client that starts nothing. */
function world(values = {}) {
  const seen = { commands: {}, messages: [], started: [], stopped: 0, changed: undefined };
  class LanguageClient {
    constructor(id, name, server, client) {
      Object.assign(this, { server, client, isRunning: false });
    }
    async start() {
      seen.started.push(this.server);
      if (this.server.command === "missing") throw new Error("spawn missing ENOENT");
      this.isRunning = true;
    }
    needsStop() {
      return this.isRunning;
    }
    async stop() {
      seen.stopped += 1;
    }
  }
  const vscode = {
    commands: { registerCommand: (name, run) => ((seen.commands[name] = run), { dispose() {} }) },
    window: { showErrorMessage: (message) => seen.messages.push(message) },
    workspace: {
      getConfiguration: () => settings(values),
      onDidChangeConfiguration: (run) => ((seen.changed = run), { dispose() {} }),
    },
  };
  const load = Module._load;
  Module._load = (name, ...rest) =>
    name === "vscode" ? vscode : name === "vscode-languageclient/node" ? { LanguageClient } : load(name, ...rest);
  delete require.cache[require.resolve("../src/extension")];
  const extension = require("../src/extension");
  Module._load = load;
  return { extension, seen, values, context: { subscriptions: [] } };
}

test("the server is the command of the settings", () => {
  assert.deepStrictEqual(serverOptions(settings({})), { command: "pinner", args: ["lsp"], transport: 0 });
  const uvx = settings({ command: ["uvx", "--from", "image-pinner[lsp]", "pinner"], arguments: ["--offline"] });
  assert.deepStrictEqual(serverOptions(uvx).args, ["--from", "image-pinner[lsp]", "pinner", "lsp", "--offline"]);
  for (const command of [[], [""], [1]]) {
    assert.throws(() => serverOptions(settings({ command })), /names no program/);
  }
});

test("only files on disk are told of", () => {
  const selector = clientOptions().documentSelector;
  assert.ok(selector.every((one) => one.scheme === "file"));
  assert.deepStrictEqual(selector.map((one) => one.language).filter(Boolean), LANGUAGES);
});

test("the manifest wakes the extension for the same languages", () => {
  assert.deepStrictEqual(manifest.activationEvents, LANGUAGES.map((language) => `onLanguage:${language}`));
  assert.deepStrictEqual(Object.keys(manifest.contributes.configuration.properties), ["pinner.command", "pinner.arguments"]);
  assert.strictEqual(manifest.capabilities.untrustedWorkspaces.supported, false);
});

test("it starts, restarts where its settings change, and stops", async () => {
  const { extension, seen, values, context } = world();
  await extension.activate(context);
  assert.deepStrictEqual(seen.started.map((one) => one.command), ["pinner"]);
  assert.strictEqual(context.subscriptions.length, 2);
  await seen.changed({ affectsConfiguration: () => false });
  assert.strictEqual(seen.started.length, 1);
  values.command = ["other"];
  await seen.changed({ affectsConfiguration: (name) => name === "pinner" });
  await seen.commands["pinner.restart"]();
  assert.deepStrictEqual(seen.started.map((one) => one.command), ["pinner", "other", "other"]);
  assert.strictEqual(seen.stopped, 2);
  await extension.deactivate();
  await extension.deactivate();
  assert.strictEqual(seen.stopped, 3);
});

test("a program that is not there is told with what to do", async () => {
  const { extension, seen, context } = world({ command: ["missing"] });
  await extension.activate(context);
  assert.match(seen.messages[0], /ENOENT.*pip install 'image-pinner\[lsp\]'/);
  await extension.deactivate();
  assert.strictEqual(seen.stopped, 0);
});

test("what is built needs the editor and nothing else", { skip: !process.env.PINNER_BUILT }, () => {
  const file = path.join(__dirname, "..", "dist", "extension.js");
  const stub = "const M=require('module'),l=M._load;M._load=(n,...r)=>n==='vscode'?new Proxy({},{get:()=>class{}}):l(n,...r);";
  const script = `${stub}const e=require(${JSON.stringify(file)});if(!e.activate||!e.deactivate)process.exit(1)`;
  const done = spawnSync(process.execPath, ["-e", script], { cwd: "/", encoding: "utf-8" });
  assert.strictEqual(done.status, 0, done.stderr);
});
