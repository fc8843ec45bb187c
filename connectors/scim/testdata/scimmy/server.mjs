// A SCIM service for the integration test. scimmy speaks the protocol; what is here is the data, and how the server
// behaves, which the first part of the path chooses:
//
//   /index    pages by startIndex
//   /cursors  pages by the cursors of RFC 9865 as well, and says so
//   /busy     answers every second request with 429
//   /puts     has no PATCH, and says so
//   /broken   fails for every page but the first
//
// They share their data, which can be changed; POST /reset, without a token, makes it again what it was at first.
//
// Usage: node server.mjs DATA.json PAGE_CAP; the token is in TOKEN. It listens on a free port of 127.0.0.1 and prints it.
import {readFileSync} from "node:fs";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const [dataFile, cap] = [process.argv[2], Number(process.argv[3])];
const first = readFileSync(dataFile, "utf8");
const data = JSON.parse(first);

const reader = rows => resource => {
    if (!resource.id) return rows;
    const found = rows.find(row => row.id === resource.id);
    if (!found) throw new SCIMMY.Types.Error(404, null, `${resource.id} does not exist`);
    return found;
};
// writer keeps what scimmy made of a PUT or a PATCH.
const writer = rows => (resource, changed) => {
    const old = reader(rows)(resource);
    const {meta, ...plain} = JSON.parse(JSON.stringify(changed));
    const row = {...plain, id: old.id, ...(old.meta && {meta: old.meta})};
    rows[rows.indexOf(old)] = row;
    return row;
};
SCIMMY.Resources.declare(SCIMMY.Resources.User).extend(SCIMMY.Schemas.EnterpriseUser, false)
    .egress(reader(data.users)).ingress(writer(data.users));
SCIMMY.Resources.declare(SCIMMY.Resources.Group).egress(reader(data.groups)).ingress(writer(data.groups));

const refuse = (res, status, detail, scimType) => res.status(status).type("application/scim+json").send(JSON.stringify(
    {schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"], status: String(status), scimType, detail}));

// pages cuts what a client may ask of a list to the cap.
function pages(req, res, next) {
    if (["/Users", "/Groups"].includes(req.path)) {
        const asked = Number(req.query.count ?? cap);
        req.query = {...req.query, count: String(Math.min(asked, cap))};
    }
    next();
}

// cursors turns a cursor into the index it stands for, and the index of an answer into the next cursor.
function cursors(req, res, next) {
    const send = res.json.bind(res);
    if (req.path.endsWith("/ServiceProviderConfig")) {
        res.json = conf => send({...JSON.parse(JSON.stringify(conf)), pagination: {cursor: true, index: true, maxPageSize: cap}});
    } else if (req.query.cursor !== undefined) {
        const start = req.query.cursor === "" ? 1 : Number(Buffer.from(req.query.cursor, "base64url"));
        if (!Number.isInteger(start)) return refuse(res, 400, "that is no cursor of mine", "invalidCursor");
        const {cursor, ...rest} = req.query;
        req.query = {...rest, startIndex: String(start)};
        res.json = answer => {
            const {startIndex, ...list} = JSON.parse(JSON.stringify(answer));
            const next = start + (list.Resources?.length ?? 0);
            if (next <= list.totalResults) list.nextCursor = Buffer.from(String(next)).toString("base64url");
            return send(list);
        };
    }
    next();
}

let requests = 0;
function busy(req, res, next) {
    if (++requests % 2 === 0) return next();
    res.set("Retry-After", "7");
    refuse(res, 429, "slow down");
}

// puts takes PATCH away.
function puts(req, res, next) {
    if (req.method === "PATCH") return refuse(res, 501, "PATCH is not offered");
    const send = res.json.bind(res);
    if (req.path.endsWith("/ServiceProviderConfig")) {
        res.json = conf => send({...JSON.parse(JSON.stringify(conf)), patch: {supported: false}});
    }
    next();
}

function broken(req, res, next) {
    if (Number(req.query.startIndex ?? 1) > 1) return refuse(res, 500, "out of order");
    next();
}

const scim = new SCIMMYRouters({
    type: "bearer",
    handler: req => {
        if (req.get("Authorization") !== `Bearer ${process.env.TOKEN}`) throw new Error("wrong token");
        return "integration test";
    },
});
const app = express();
app.use("/index", pages, scim);
app.use("/cursors", pages, cursors, scim);
app.use("/busy", busy, pages, scim);
app.use("/puts", pages, puts, scim);
app.use("/broken", broken, pages, scim);
app.post("/reset", (req, res) => {
    for (const [kind, rows] of Object.entries(JSON.parse(first))) data[kind].splice(0, data[kind].length, ...rows);
    res.status(204).end();
});
const server = app.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
