package entra

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
)

// service is what is read of a service principal: what an application or a managed identity signs in as.
type service struct {
	ID                     oid
	AppID                  string
	DisplayName            string
	AccountEnabled         *bool
	ServicePrincipalType   string
	AppOwnerOrganizationID string
	KeyCredentials         []key
	PasswordCredentials    []key
}

const serviceFields = "id,appId,displayName,accountEnabled,servicePrincipalType,appOwnerOrganizationId,keyCredentials,passwordCredentials"

// application is the registration behind a service principal, where it is this directory's.
type application struct {
	AppID               string
	CreatedDateTime     string
	KeyCredentials      []key
	PasswordCredentials []key
}

const applicationFields = "id,appId,createdDateTime,keyCredentials,passwordCredentials"

// key is a certificate or a client secret; the secret itself Graph never shows, and a certificate is not read.
type key struct {
	KeyID         string
	StartDateTime string
	EndDateTime   string
}

// microsoft are the directories that Microsoft's own applications belong to: every directory has hundreds of them, which
// nobody there owns or can do without (learn.microsoft.com, "Verify first-party Microsoft applications in sign-in reports").
var microsoft = []string{"f8cdef31-a31e-4b4a-93e4-5f571e91255a", "72f988bf-86f1-41af-91ab-2d7cd011db47"}

// own tells whether a service principal is to be judged here.
func (a *App) own(s *service) bool {
	return a.microsoftApps || !slices.Contains(microsoft, strings.ToLower(s.AppOwnerOrganizationID))
}

// readApplications reads the registrations of this directory, by application id.
func (a *App) readApplications(ctx context.Context, t connectors.Trace) (map[string]*application, error) {
	out := map[string]*application{}
	return out, each(ctx, a, t, connectors.Credentials, "/applications?$select="+applicationFields+"&$top=100", func(p *application) error {
		out[p.AppID] = p
		return nil
	})
}

// serviceAccount overwrites acc with a service principal. What it holds and who owns it is asked for with it.
func (a *App) serviceAccount(ctx context.Context, t connectors.Trace, acc *connectors.Account, s *service, p *application, r *rights, known map[int32]bool, now time.Time) error {
	path := s.path()
	if err := r.readOf(ctx, a, t, path, s.ID, known); err != nil {
		return err
	}
	var owners []owner
	if err := each(ctx, a, t, connectors.Accounts, path+"/owners", func(o *owner) error {
		owners = append(owners, *o)
		return nil
	}); err != nil {
		return err
	}
	*acc = connectors.Account{
		ID:           connectors.AccountID(s.ID.String()),
		Username:     s.AppID,
		DisplayName:  s.DisplayName,
		OwnerRef:     firstOwner(owners),
		Class:        connectors.Service,
		Aliases:      acc.Aliases[:0],
		Entitlements: r.appendTo(acc.Entitlements[:0], s.ID),
		Credentials:  acc.Credentials[:0],
	}
	if s.AccountEnabled != nil {
		acc.Enabled = connectors.Is(*s.AccountEnabled)
	}
	return a.credentials(t, acc, s, p, now)
}

// credentials adds the keys of the service principal and of its application. Those that have expired work no more.
func (a *App) credentials(t connectors.Trace, acc *connectors.Account, s *service, p *application, now time.Time) error {
	if p == nil {
		p = &application{}
	}
	var err error
	if acc.Created, err = a.day(p.CreatedDateTime); err != nil {
		return fmt.Errorf("application %s: createdDateTime: %w", s.AppID, err)
	}
	seen := map[string]bool{}
	for _, of := range []struct {
		kind string
		keys []key
	}{
		{"client secret", p.PasswordCredentials}, {"client secret", s.PasswordCredentials},
		{"certificate", p.KeyCredentials}, {"certificate", s.KeyCredentials},
	} {
		for _, k := range of.keys {
			if seen[k.KeyID] {
				continue // a certificate for signing stands there twice
			}
			seen[k.KeyID] = true
			c, works, err := a.credential(of.kind, k, now)
			switch {
			case err != nil:
				return fmt.Errorf("application %s: key %s: %w", s.AppID, k.KeyID, err)
			case works:
				acc.Credentials = append(acc.Credentials, c)
			default:
				t.Note(connectors.Credentials, "secrets and certificates that have expired are left out: they work no more")
			}
		}
	}
	return nil
}

// credential makes one key. Until when it works is told with its kind.
func (a *App) credential(kind string, k key, now time.Time) (c connectors.Credential, works bool, err error) {
	c = connectors.Credential{ID: connectors.CredentialID(k.KeyID), Kind: kind}
	if c.Created, err = a.day(k.StartDateTime); err != nil || k.EndDateTime == "" {
		return c, true, err
	}
	end, err := time.Parse(time.RFC3339, k.EndDateTime)
	if err != nil {
		return c, false, fmt.Errorf("%.40q is not a time stamp", k.EndDateTime)
	}
	c.Kind += " valid until " + connectors.DateOf(end, a.zone).String()
	return c, now.IsZero() || end.After(now), nil
}

func parseService(raw json.RawMessage) (service, error) {
	var s service
	err := json.Unmarshal(raw, &s)
	return s, understood("service principal", s.ID, err)
}

func (s *service) path() string { return "/servicePrincipals/" + s.ID.String() }
