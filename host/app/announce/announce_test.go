package announce

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/api/answer"
	changerecord "github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/history"
	"github.com/homeostat/homeostat/host/notify/news"
	"github.com/homeostat/homeostat/host/notify/notifytest"
	"github.com/homeostat/homeostat/sdk"
)

func TestRecordsAreAStore(t *testing.T) {
	records, err := history.OpenRecords(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := records.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	notifytest.Store(t, Store{records})
}

func TestBlindDetectorIsNotToldTwice(t *testing.T) {
	blind := record.Anomaly{Anomaly: sdk.Anomaly{Kind: sdk.AnomalyBlind}}
	full := record.Anomaly{Anomaly: sdk.Anomaly{Kind: sdk.AnomalySaturation}}
	if got := Incident(record.Incident{ID: "i", Anomalies: []record.Anomaly{blind, blind}}); len(got) != 0 {
		t.Errorf("got %v for blindness alone, want nothing: the detector is told of", got)
	}
	if got := Incident(record.Incident{ID: "i", Anomalies: []record.Anomaly{blind, full}}); len(got) != 1 {
		t.Errorf("got %v, want the incident", got)
	}
}

func TestIncidentShowsItsApprovalsAndItsLastLine(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	got := Incident(record.Incident{
		ID: "i", Component: "web", Severity: sdk.SeverityHigh, State: record.StateResolved, Resolved: &at,
		History: []record.Entry{{Text: "a"}, {Text: "b", At: at}},
		Approvals: []record.Approval{{ID: "app_1", Component: "web", Hash: "h", State: record.ApprovalPending,
			Proposal: sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: "web"}}}}},
	})
	if len(got) != 2 {
		t.Fatalf("got %d subjects, want the incident and its approval", len(got))
	}
	if i := got[0].(news.Incident); i.Text != "b" || !i.At.Equal(at) || !i.Resolved.Equal(at) {
		t.Errorf("got %+v, want its last line and its end", i)
	}
	if a := got[1].(news.Approval); a.Incident != "i" || a.Actions[0] != "restart web" || a.Severity != sdk.SeverityHigh {
		t.Errorf("got %+v, want the action, the incident and its severity", a)
	}
}

func TestChangeThatWaitsShowsAnApproval(t *testing.T) {
	r := changerecord.Record{
		ID: "mod_1", Root: "shop", State: changerecord.WaitingApproval, By: "uid:0", Paths: []changerecord.Path{{Path: "a"}, {Path: "b"}},
		Approval: &changerecord.Approval{Hash: "h", Why: "the risk is high", State: changerecord.ApprovalPending},
	}
	got := Change(r)
	if len(got) != 2 || got[1].(news.Approval).Actions[0] != "change a, b in shop" || got[1].(news.Approval).Component != sdk.HostComponent {
		t.Errorf("got %+v, want the change and a question about it", got)
	}
}

func settings(t *testing.T, text string) *config.Settings {
	t.Helper()
	s, err := config.Parse([]byte(text), filepath.Join(t.TempDir(), "config.toml"), config.Host{Root: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReceiverOfTheSettings(t *testing.T) {
	key, err := answer.OpenKey(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Receiver(settings(t, ""), key, "v"); got != nil || err != nil {
		t.Errorf("got %v, %v without a webhook, want nothing", got, err)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	text := "[notify]\nwebhook = \"https://r.example/T0/secret-path\"\nsecret_file = \"" + secret + "\"\n[dashboard]\nexternal_url = \"https://h.example/\"\n"
	if _, err := Receiver(settings(t, text), key, "v"); err == nil || !strings.Contains(err.Error(), secret) {
		t.Errorf("got %v without the file, want an error that names it", err)
	}
	if err := os.WriteFile(secret, []byte("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Receiver(settings(t, text), key, "v")
	if err != nil || got.Poster.Host() != "https://r.example" {
		t.Fatalf("got %+v, %v, want the host without its path", got, err)
	}
	expires := time.Now().Add(time.Hour)
	link := got.Around.Link(news.Approval{ID: "app_1", Hash: "h", Expires: expires})
	token := strings.TrimPrefix(link, "https://h.example"+answer.Path)
	if open, err := key.Open(token, time.Now()); err != nil || open.ID != "app_1" || open.Hash != "h" {
		t.Errorf("got link %s, %+v, %v, want one to the approval", link, open, err)
	}
	silent, err := Receiver(settings(t, text+"enabled = false\n"), key, "v")
	if err != nil || silent.Around.Link(news.Approval{ID: "app_1"}) != "" {
		t.Errorf("a link is sent though nobody serves it: %v", err)
	}
}
