// Cuts Okta's OpenAPI document down to what the tests need:
//
//	npm install js-yaml@4 && node cut.mjs management-oneOfInheritance-noExamples.yaml management-VERSION.json
//
// What is changed beside leaving things out is said in README.md.
import fs from "node:fs"
import yaml from "js-yaml"

const kept = {
  "/.well-known/okta-organization": ["get"],
  "/api/v1/users": ["get"],
  "/api/v1/users/{id}": ["get"],
  "/api/v1/users/{id}/groups": ["get"],
  "/api/v1/users/{id}/lifecycle/suspend": ["post"],
  "/api/v1/users/{id}/lifecycle/unsuspend": ["post"],
  "/api/v1/users/{userId}/sessions": ["delete"],
  "/api/v1/users/{userId}/factors": ["get"],
  "/api/v1/users/{userId}/roles": ["get", "post"],
  "/api/v1/users/{userId}/roles/{roleAssignmentId}": ["delete"],
  "/api/v1/users/{userId}/roles/{roleAssignmentId}/targets/groups": ["get"],
  "/api/v1/users/{userId}/roles/{roleAssignmentId}/targets/groups/{groupId}": ["put"],
  "/api/v1/users/{userId}/roles/{roleAssignmentId}/targets/catalog/apps": ["get"],
  "/api/v1/users/{userId}/roles/{roleAssignmentId}/targets/catalog/apps/{appName}": ["put"],
  "/api/v1/users/{userId}/roles/{roleAssignmentId}/targets/catalog/apps/{appName}/{appId}": ["put"],
  "/api/v1/groups": ["get"],
  "/api/v1/groups/rules": ["get"],
  "/api/v1/groups/{groupId}": ["get"],
  "/api/v1/groups/{groupId}/users": ["get"],
  "/api/v1/groups/{groupId}/roles": ["get"],
  "/api/v1/groups/{groupId}/users/{userId}": ["put", "delete"],
  "/api/v1/apps": ["get"],
  "/api/v1/apps/{appId}/users": ["get"],
  "/api/v1/apps/{appId}/groups": ["get"],
  "/api/v1/iam/assignees/users": ["get"],
  "/api/v1/api-tokens": ["get"],
}

const [, , from, to] = process.argv
const doc = yaml.load(fs.readFileSync(from, "utf8"))
const out = { openapi: doc.openapi, info: doc.info, servers: doc.servers, paths: {}, components: { securitySchemes: doc.components.securitySchemes } }
for (const [path, methods] of Object.entries(kept)) {
  const was = doc.paths[path]
  out.paths[path] = was.parameters ? { parameters: was.parameters } : {}
  for (const m of methods) out.paths[path][m] = was[m]
}

const object = o => o && typeof o === "object"
const at = ref => ref.slice(2).split("/").map(s => s.replace(/~1/g, "/").replace(/~0/g, "~"))
function follow(o) { // everything that is referred to
  if (!object(o)) return
  for (const [k, v] of Object.entries(o)) {
    const refs = k === "$ref" ? [v] : k === "mapping" ? Object.values(v) : []
    for (const ref of refs) {
      const [, kind, name] = at(ref)
      if (out.components[kind]?.[name]) continue
      const part = doc.components[kind][name];
      (out.components[kind] ??= {})[name] = part
      follow(part)
    }
    follow(v)
  }
}
follow(out.paths)

function strip(o) {
  if (!object(o)) return
  for (const k of Object.keys(o)) {
    const text = k === "description" && typeof o[k] === "string"
    const example = (k === "example" || k === "examples") && ("type" in o || "schema" in o || "$ref" in o)
    if (k.startsWith("x-") || k === "externalDocs" || text || example) delete o[k]
    else strip(o[k])
  }
}
strip(out)

function discriminate(o) { // see README.md
  if (!object(o)) return
  Object.values(o).forEach(discriminate)
  const { propertyName, mapping } = o.discriminator ?? {}
  if (!o.oneOf || !mapping) return
  o.oneOf = o.oneOf.map(part => {
    const names = Object.keys(mapping).filter(name => mapping[name] === part.$ref)
    return { allOf: [part, { properties: { [propertyName]: { enum: names } } }] }
  })
}
discriminate(out)

fs.writeFileSync(to, JSON.stringify(out, null, 1) + "\n")
