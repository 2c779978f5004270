"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");
const { clientOptions, serverOptions } = require("./options");

let client;

async function start() {
  const made = new LanguageClient("pinner", "pinner", serverOptions(vscode.workspace.getConfiguration("pinner")), clientOptions());
  client = made;
  try {
    await made.start();
  } catch (error) {
    const hint = "Is it installed? pip install 'image-pinner[lsp]', or set pinner.command.";
    vscode.window.showErrorMessage(`pinner does not start: ${error.message}. ${hint}`);
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running && running.needsStop()) {
    await running.stop();
  }
}

async function restart() {
  await stop();
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("pinner.restart", restart),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration("pinner")) {
        await restart();
      }
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
