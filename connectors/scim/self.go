package scim

import (
	"context"

	"rollcall/connectors"
)

var _ connectors.SelfTeller = (*App)(nil)

// Self implements connectors.SelfTeller. SCIM has no id of a tenant and no word on who asks: the tenant is the address.
func (a *App) Self(context.Context) (connectors.Self, error) {
	return connectors.Self{Tenant: a.base}, nil
}
