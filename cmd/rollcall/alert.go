package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rollcall/remediate/notify"
)

// alertWithin bounds how long somebody is tried to be told: the log has it in any case.
const alertWithin = 3 * time.Minute

// alert says what somebody has to look after: in the log, in the figures, and to whom [notify] names.
func (d *daemon) alert(subject, says string) {
	d.log.Error("ALERT", "about", subject, "says", says)
	d.figures.alerts.Inc()
	d.tell.Go(func() {
		ctx, stop := context.WithTimeout(d.work, alertWithin)
		defer stop()
		if err := d.safely("alert", func() error {
			return d.program(nil).sendAlert(ctx, d.taken.Load().config, notify.NewAlert(subject, says, d.p.now()))
		}); err != nil {
			d.log.Error("nobody could be told of the alert", "about", subject, "error", err.Error())
		}
	})
}

// sendAlert tells whom [notify] names; without it there is only the log.
func (p *program) sendAlert(ctx context.Context, c *config, a *notify.Alert) error {
	var errs []error
	if c.Notify.Webhook != "" {
		errs = append(errs, p.alertByWebhook(ctx, c, a))
	}
	if c.Notify.Mail != nil && len(c.Notify.Mail.To) > 0 { // the owners of apps have no part in it
		errs = append(errs, p.alertByMail(ctx, c, a))
	}
	return errors.Join(errs...)
}

func (p *program) alertByWebhook(ctx context.Context, c *config, a *notify.Alert) error {
	w, err := p.webhook(c)
	if err != nil {
		return err
	}
	body, err := a.JSON()
	if err != nil {
		return err
	}
	return w.Send(ctx, body, a.Key)
}

func (p *program) alertByMail(ctx context.Context, c *config, a *notify.Alert) error {
	m, err := c.mailer()
	if err != nil {
		return err
	}
	mail, err := p.mail(c, c.Notify.Mail.To, a.Key, fmt.Sprintf("rollcall: %s needs a look", a.Subject), a.Text(c.Zone))
	if err != nil {
		return err
	}
	_, err = m.Send(ctx, mail)
	return err
}
