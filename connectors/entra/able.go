package entra

import (
	"errors"
	"fmt"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// able is the app with what can be done to it.
func (a *App) able() connectors.App {
	if a.services {
		return services{a, remover{a}}
	}
	return users{a, disabler{a}, remover{a}, revoker{a}}
}

// The abilities, each by itself, and the apps that have them.
type (
	disabler struct{ app *App }
	remover  struct{ app *App }
	revoker  struct{ app *App }

	users struct {
		*App
		disabler
		remover
		revoker
	}
	services struct {
		*App
		remover
	}
)

var (
	_ connectors.Disabler           = users{}
	_ connectors.EntitlementRemover = users{}
	_ connectors.SessionRevoker     = users{}
	_ connectors.EntitlementRemover = services{}
)

// refusal gives a no of the service its class, where it is known that nothing was changed.
func refusal(err error) error {
	var e *httpx.Error
	if errors.As(err, &e) && e.Class == nil && !e.MayBeDone && e.Status/100 == 4 {
		return fmt.Errorf("the service refuses: %w: %w", connectors.ErrForbidden, err)
	}
	return err
}

func statusOf(err error) int {
	var e *httpx.Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}
