// Writes through the npm package `airtable` to a server that fails on purpose, and prints what came of each write.
// Arguments: folder of node_modules, end point, token, base id.
const [modules, endpointUrl, apiKey, baseId] = process.argv.slice(2);
const Airtable = require(`${modules}/airtable`);

async function main() {
  const tasks = new Airtable({ endpointUrl, apiKey, requestTimeout: 1000 }).base(baseId)("Tasks");
  const seen = {};
  for (const fault of ["429", "delay", "cut-before", "cut-after", "500", "502", "503"]) {
    try {
      seen[fault] = (await tasks.create({ Title: fault })).get("Title");
    } catch (error) {
      seen[fault] = [error.statusCode ?? null, error.error ?? null];
    }
  }
  seen.kept = (await tasks.select().all()).map((record) => record.get("Title"));
  console.log(JSON.stringify(seen));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
