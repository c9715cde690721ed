// Reads lines from standard input and writes, for each, its tokens with their innermost scopes, as VS Code finds them.
const fs = require("fs");
const path = require("path");
const modules = process.argv[2];
const oniguruma = require(path.join(modules, "vscode-oniguruma"));
const { INITIAL, Registry, parseRawGrammar } = require(path.join(modules, "vscode-textmate"));

async function main() {
  await oniguruma.loadWASM(fs.readFileSync(path.join(modules, "vscode-oniguruma/release/onig.wasm")).buffer);
  const onigLib = Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  });
  const file = process.argv[3];
  const loadGrammar = async () => parseRawGrammar(fs.readFileSync(file, "utf8"), file);
  const grammar = await new Registry({ onigLib, loadGrammar }).loadGrammar("source.cnncalc");
  let state = INITIAL;
  const lines = fs.readFileSync(0, "utf8").split("\n").map((line) => {
    const result = grammar.tokenizeLine(line, state);
    state = result.ruleStack;
    return result.tokens
      .map((token) => [line.slice(token.startIndex, token.endIndex), token.scopes[token.scopes.length - 1]])
      .filter(([text]) => text.trim());
  });
  console.log(JSON.stringify(lines));
}

main();
