// A token endpoint that nobody at rollcall wrote (oidc-provider, OpenID-certified), and a service that takes its tokens.
// The clients are read from the file that is the first argument. Tokens live for the seconds that the second one says.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import Provider from "oidc-provider";

const clients = JSON.parse(readFileSync(process.argv[2], "utf8"));
const life = Number(process.argv[3]);
const server = createServer().listen(0, "127.0.0.1"); // the provider must know its own address
await once(server, "listening");
const { port } = server.address();
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients,
  scopes: ["read", "list"],
  features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true } },
  enabledJWA: { clientAuthSigningAlgValues: ["RS256", "PS256", "ES256"] },
  clientAuthMethods: ["client_secret_basic", "client_secret_post", "private_key_jwt"],
  cookies: { keys: ["test"] },
  ttl: { ClientCredentials: life },
});
provider.use(async (ctx, next) => {
  if (ctx.path !== "/api/users") return next();
  const token = await provider.ClientCredentials.find((ctx.headers.authorization ?? "").replace("Bearer ", ""));
  if (!token) {
    ctx.status = 401;
    ctx.body = { error: "invalid_token" };
    return;
  }
  if (ctx.method === "DELETE") await token.destroy(); // the service takes it no more
  ctx.body = { client: token.clientId, scope: token.scope };
});
server.on("request", provider.callback());
console.log(`listening on ${port}`);
