package trial

import (
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func line(kind, recovery, result string) record {
	r := record{Kind: kind}
	r.Fields.Component, r.Fields.Incident, r.Fields.Recovery, r.Fields.Result = "store", "inc_1", recovery, result
	return r
}

func TestLogIsInOrderWhenAllThatBeganHasEndedOnce(t *testing.T) {
	opened, resolved := line("incident_opened", "", ""), line("incident_resolved", "", "")
	began, healed, aborted := line("recovery_started", "rec_1", ""), line("recovery_ended", "rec_1", "healed"), line("recovery_ended", "rec_1", "aborted")
	traced := record{Kind: "action_traced"}
	traced.Fields.Incident = "inc_1"
	for name, c := range map[string]struct {
		log  []record
		want account
		says string
	}{
		"healed":             {[]record{opened, began, healed, resolved}, account{Recoveries: 1, Healed: 1}, ""},
		"cut and healed":     {[]record{opened, began, traced, healed, resolved}, account{Recoveries: 1, Healed: 1, Cut: 1}, ""},
		"opened twice":       {[]record{opened, began, healed, resolved, opened}, account{Recoveries: 1, Healed: 1}, "forgotten"},
		"never resolved":     {[]record{opened, began, healed}, account{Recoveries: 1, Healed: 1}, "forgotten"},
		"never ended":        {[]record{opened, began, resolved}, account{Recoveries: 1}, "ended 0 times"},
		"begun again":        {[]record{opened, began, began, healed, resolved}, account{Recoveries: 2, Healed: 1}, "begun 2 times"},
		"ended twice":        {[]record{opened, began, aborted, healed, resolved}, account{Recoveries: 1, Healed: 1}, "ended 2 times"},
		"another's business": {[]record{{Kind: "action_traced"}, {Kind: "incident_opened"}}, account{}, ""},
	} {
		got, wrong := balance(c.log, "store")
		if text := strings.Join(wrong, "; "); got != c.want || !strings.Contains(text, c.says) || c.says == "" && text != "" {
			t.Errorf("%s: got %+v, %q; want %+v and it to say %q", name, got, text, c.want, c.says)
		}
	}
}
