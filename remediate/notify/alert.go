package notify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// AlertFormat names the keys of an alert's JSON.
const AlertFormat = "rollcall.alert.v1"

// Alert is something that somebody has to look after: a run that did not happen.
type Alert struct {
	Format  string    `json:"format"`
	Key     string    `json:"key"` // the same for the same alert: who has seen it may drop it
	Subject string    `json:"about"`
	Says    string    `json:"says"`
	At      time.Time `json:"at"`
}

// NewAlert makes an alert. about is what it is about, such as the name of a schedule.
func NewAlert(about, says string, at time.Time) *Alert {
	a := &Alert{Format: AlertFormat, Subject: clean(about), Says: prose(says), At: at.UTC()}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%q %q %s", AlertFormat, a.Subject, a.Says, a.At.Format(time.RFC3339Nano)))
	a.Key = hex.EncodeToString(sum[:])
	return a
}

// JSON is the alert for programs: one line, ended.
func (a *Alert) JSON() ([]byte, error) {
	var b bytes.Buffer
	err := json.NewEncoder(&b).Encode(a)
	return b.Bytes(), err
}

// Text is the alert for people.
func (a *Alert) Text(zone *time.Location) string {
	return fmt.Sprintf("%s\n\n%s, %s\n", a.Says, a.Subject, a.At.In(zone).Format("2006-01-02 15:04 (MST)"))
}
