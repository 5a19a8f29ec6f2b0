package config

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// twoStrategies are what an experiment may compare.
const twoStrategies = `
[plugins.restart]
kind = "strategy"
path = "strategy-restart"
[plugins.once]
kind = "strategy"
path = "strategy-once"
[plugins.health]
kind = "detector"
path = "detector-health"
[[component]]
name = "web"
command = ["web"]
`

func TestAnExperimentIsOffUnlessTwoStrategiesAreNamed(t *testing.T) {
	if got := problemsOf(t, twoStrategies, rootHost()); len(got) != 0 {
		t.Fatalf("got %q", got)
	}
	text := "[healing.experiment]\nstrategies = [\"restart\", \"once\"]\nshare = \"30%\"\ncomponents = [\"web\"]\n" + twoStrategies
	settings, err := Parse([]byte(text), "/etc/homeostat/config.toml", rootHost())
	if err != nil {
		t.Fatal(err)
	}
	e := settings.Healing.Experiment
	if !slices.Equal(e.Strategies, []string{"restart", "once"}) || e.Share != 30 || e.MaxIncidents != 400 || e.MaxTime != 720*time.Hour || e.Longest != 5*time.Minute {
		t.Errorf("got %+v", e)
	}
}

func TestAnExperimentIsRefusedWhereItCannotBe(t *testing.T) {
	for text, want := range map[string]string{
		`strategies = ["restart", "restart"]`:         `strategies[1]: "restart" is named already`,
		`strategies = ["restart", "onec"]`:            `there is no strategy "onec"`,
		`strategies = ["restart", "hand_over"]`:       `a person is no strategy that could be drawn`,
		`strategies = ["restart", "health"]`:          `"health" is a detector`,
		`strategies = ["restart"]`:                    `names 1 strategies, an experiment has two`,
		`strategies = ["restart", "once", "restart"]`: `names 3 strategies`,
		`share = "0%"`:         `0% is not between 5% and 95%`,
		`share = "100%"`:       `100% is not between`,
		`components = ["wbe"]`: `there is no component "wbe"`,
		"strategies = [\"restart\", \"once\"]\n[healing]\nladder = [\"restart\"]": `"once" is on no ladder`,
	} {
		table := "[healing.experiment]\n"
		if before, after, two := strings.Cut(text, "\n[healing]\n"); two {
			table, text = "[healing]\n"+after+"\n"+table, before
		}
		got := problemsOf(t, table+text+"\n"+twoStrategies, rootHost())
		if len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%s: got %q, want one problem that says %q", text, got, want)
		}
	}
}
