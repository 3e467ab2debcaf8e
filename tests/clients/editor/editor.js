// What an editor shows of the manifests in a JSON list (argument 2), by the schema in a file
// (argument 1): the complaints, and what is offered at the end of each.
const fs = require("fs");
const { getLanguageService } = require("yaml-language-server");
const { TextDocument } = require("vscode-languageserver-textdocument");

const schema = JSON.parse(fs.readFileSync(process.argv[2], "utf-8"));
const service = getLanguageService({
  schemaRequestService: async () => JSON.stringify(schema),
  workspaceContext: { resolveRelativePath: (path) => path },
});
const schemas = [{ uri: "file:///schema.json", fileMatch: ["*.yaml"], schema }];
service.configure({ validate: true, completion: true, schemas });

async function shown(text, number) {
  const document = TextDocument.create(`file:///${number}.yaml`, "yaml", 1, text);
  const complaints = await service.doValidation(document, false);
  const offered = await service.doComplete(document, document.positionAt(text.length), false);
  return {
    complaints: complaints.map((one) => `${one.range.start.line + 1}: ${one.message}`),
    offered: offered.items.map((one) => one.label),
  };
}

const texts = JSON.parse(process.argv[3]);
Promise.all(texts.map(shown)).then((all) => console.log(JSON.stringify(all)));
