package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rollcall/connectors"
)

var _ connectors.SelfTeller = (*App)(nil)

// Self implements connectors.SelfTeller. The tenant is told by the directory's OpenID configuration, whose issuer has its id
// (https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc); the rest by the service principal and the
// registration that the configuration names.
func (a *App) Self(ctx context.Context) (connectors.Self, error) {
	out, err := a.selfTold(ctx)
	if err != nil {
		return out, fmt.Errorf("entra: as whom it is read: %w", err)
	}
	return out, nil
}

func (a *App) selfTold(ctx context.Context) (out connectors.Self, err error) {
	if out.Tenant, err = a.tenantID(ctx); err != nil {
		return out, err
	}
	me, err := a.self(ctx)
	if errors.Is(err, errNotListed) || errors.Is(err, connectors.ErrForbidden) {
		return out, nil // the directory does not say; the preflight says what that means
	}
	if err != nil {
		return out, err
	}
	out.Name = fmt.Sprintf("%s (application %s)", me.DisplayName, me.AppID)
	if a.services {
		out.Account = connectors.AccountID(me.ID.String())
	}
	granted, err := a.grantedTo(ctx, &me)
	if err != nil {
		return out, err
	}
	out.Permissions = slices.Sorted(maps.Keys(granted))
	// A registration of another directory is not listed here.
	err = each(ctx, a, unheard{}, connectors.Credentials, "/applications"+filter("appId eq "+quote(a.clientID))+"&$select="+applicationFields, func(p *application) error {
		for kind, keys := range map[string][]key{"client secret": p.PasswordCredentials, "certificate": p.KeyCredentials} {
			for _, k := range keys {
				made, err1 := a.day(k.StartDateTime)
				ends, err2 := a.day(k.EndDateTime)
				if err := errors.Join(err1, err2); err != nil {
					return fmt.Errorf("application %s: key %s: %w", p.AppID, k.KeyID, err)
				}
				out.Credentials = append(out.Credentials, connectors.OwnCredential{ID: k.KeyID, Kind: kind, Created: made, Expires: ends})
			}
		}
		return nil
	})
	slices.SortFunc(out.Credentials, func(x, y connectors.OwnCredential) int { return strings.Compare(x.ID, y.ID) })
	return out, err
}

// tenantID is the id of the directory that the configuration names, be it by one of its domains. The document is public: no
// token is sent, and no redirect followed.
func (a *App) tenantID(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.discovery, nil)
	if err != nil {
		return "", err
	}
	asking := *a.http
	asking.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := asking.Do(req)
	if err != nil {
		return "", fmt.Errorf("%s: %w: %w", a.discovery, connectors.ErrTransient, err)
	}
	defer res.Body.Close()
	var told struct{ Issuer string }
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: HTTP %d: the id of the directory %s is not told; check tenant", a.discovery, res.StatusCode, a.tenant)
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&told); err != nil {
		return "", fmt.Errorf("%s: %w", a.discovery, err)
	}
	issuer, err := url.Parse(told.Issuer)
	if err != nil {
		return "", fmt.Errorf("%s: the issuer is no URL", a.discovery)
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(issuer.Path, "/"), "/")
	if _, ok := parseOID(id); !ok {
		return "", fmt.Errorf("%s: the issuer %q does not name the directory's id", a.discovery, told.Issuer)
	}
	return strings.ToLower(id), nil
}
