// Drives the server with the npm package `airtable` and prints what it saw as one JSON object.
// Arguments: folder of node_modules, end point, token, base id.
const [modules, endpointUrl, apiKey, baseId] = process.argv.slice(2);
const Airtable = require(`${modules}/airtable`);

async function main() {
  const base = new Airtable({ endpointUrl, apiKey, noRetryIfRateLimited: true }).base(baseId);
  const seen = {};

  const one = await base("Tasks").create({ Title: "one", Count: 1 }, { typecast: true });
  seen.created = one.fields;
  const many = await base("Tasks").create(
    Array.from({ length: 10 }, (_, n) => ({ fields: { Title: `t${n}`, Count: n } }))
  );
  seen.createdMany = many.map((record) => record.get("Title"));
  seen.found = (await base("Tasks").find(one.id)).fields;
  seen.updated = (await base("Tasks").update(one.id, { Count: 2 })).fields;
  seen.replaced = (await base("Tasks").replace(one.id, { Title: "uno" })).fields;
  seen.byCallback = await new Promise((resolve, reject) =>
    base("Tasks").update(one.id, { Count: "3" }, { typecast: true }, (error, record) =>
      error ? reject(error) : resolve(record.get("Count"))
    )
  );
  seen.saved = await (async () => {
    const record = await base("Tasks").find(one.id);
    record.set("Count", 4);
    await record.save();
    await record.patchUpdate({ Count: 5 });
    await record.putUpdate({ Title: "uno" });
    return (await record.fetch()).fields;
  })();
  seen.merged = (
    await base("Tasks").update([{ fields: { Title: "t9", Count: 9 } }], {
      performUpsert: { fieldsToMergeOn: ["Title"] },
    })
  )[0].id;
  seen.merged = seen.merged === many[9].id;
  seen.replacedMany = (
    await base("Tasks").replace([{ id: many[8].id, fields: { Title: "t8" } }], {
      returnFieldsByFieldId: true,
    })
  ).map((record) => Object.values(record.fields));
  seen.updatedMany = (
    await base("Tasks").update(many.slice(0, 2).map((r) => ({ id: r.id, fields: { Count: 100 } })))
  ).map((record) => record.get("Count"));

  const pages = [];
  await base("Tasks")
    .select({ pageSize: 4, sort: [{ field: "Title", direction: "desc" }], fields: ["Title"] })
    .eachPage((records, next) => {
      pages.push(records.map((record) => record.get("Title")));
      next();
    });
  seen.pages = pages;
  const all = (options) => base("Tasks").select(options).all();
  const posted = [];
  await base("Tasks")
    .select({ method: "post", pageSize: 7 })
    .eachPage((records, next) => {
      posted.push(records.length);
      next();
    });
  seen.postedPages = posted;
  seen.filtered = (await all({ filterByFormula: "{Count} = 100", view: "Grid view" })).length;
  seen.posted = (await all({ method: "post", maxRecords: 3, userLocale: "en", timeZone: "utc" })).length;
  seen.long = (await all({ filterByFormula: `{Title} != '${"x".repeat(16000)}'` })).length;
  seen.text = (
    await all({ cellFormat: "string", timeZone: "utc", userLocale: "en", filterByFormula: "{Count} = 9" })
  )[0].fields;
  seen.counted = (await all({ recordMetadata: ["commentCount"], maxRecords: 1 }))[0].commentCount;
  seen.listed = await new Promise((resolve, reject) =>
    base("Tasks").list(2, undefined, (error, records) =>
      error ? reject(error) : resolve(records.length)
    )
  );

  seen.each = await new Promise((resolve, reject) => {
    let count = 0;
    base("Tasks").forEach({}, () => count++, (error) => (error ? reject(error) : resolve(count)));
  });
  const called = await base.makeRequest({ path: "/Tasks", qs: { maxRecords: 1 } });
  seen.called = [called.statusCode, called.body.records.length];

  seen.destroyed = (await base("Tasks").destroy(one.id)).id === one.id;
  seen.destroyedMany = (await base("Tasks").destroy(many.map((record) => record.id))).length;

  seen.errors = {};
  const attempts = {
    notFound: () => base("Tasks").find("rec00000000000000"),
    unknownTable: () => base("Nope").select().firstPage(),
    badValue: () => base("Tasks").create({ Count: "many" }),
    badFormula: () => base("Tasks").select({ filterByFormula: "{Nope}" }).all(),
    tooMany: () => base("Tasks").create(Array(11).fill({ fields: {} })),
    malformedId: () => base("Tasks").find("nobody"),
    badToken: () =>
      new Airtable({ endpointUrl, apiKey: "wrong" }).base(baseId)("Tasks").select().firstPage(),
  };
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      await attempt();
    } catch (error) {
      seen.errors[name] = [error.statusCode, error.error];
    }
  }
  console.log(JSON.stringify(seen));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
