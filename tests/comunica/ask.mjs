// Put queries to a SPARQL service as Comunica does. In: {service, queries: {name: text}}; out: {name: {rows | quads | truth | error}}.
import { QueryEngine } from "@comunica/query-sparql";
import { readFileSync } from "node:fs";

const { service, queries } = JSON.parse(readFileSync(0, "utf-8"));
const engine = new QueryEngine();
const term = (value) => ({ type: value.termType, value: value.value, lang: value.language, datatype: value.datatype?.value });

async function ask(query) {
  const found = await engine.query(query, { sources: [{ type: "sparql", value: service }] });
  if (found.resultType === "boolean") return { truth: await found.execute() };
  const stream = await found.execute();
  if (found.resultType === "quads") {
    return { quads: (await stream.toArray()).map((quad) => [quad.subject, quad.predicate, quad.object].map(term)) };
  }
  const rows = await stream.toArray();
  return { rows: rows.map((row) => Object.fromEntries([...row].map(([name, value]) => [name.value, term(value)]))) };
}

const answers = {};
for (const [name, query] of Object.entries(queries)) {
  answers[name] = await ask(query).catch((error) => ({ error: error.message }));
}
process.stdout.write(JSON.stringify(answers));
