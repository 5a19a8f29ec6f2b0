package ordinary

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func chance() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

const plain = "# a comment\nworkers = 4\n# timeout = 30\nname = something\nother = thing\n"

func TestEveryKindOfEditIsMadeAndHarmlessOnesPass(t *testing.T) {
	rows, stops := Measure("/etc", []File{{"app.conf", plain}}, chance())
	for _, r := range rows[:len(edits)] {
		if r.Edits != 1 || r.Stops != 0 {
			t.Errorf("%s: got %+v, want one edit that passes", r.Kind, r)
		}
	}
	if all := rows[len(edits)]; all.Edits != len(edits) || len(stops) != 0 || all.Rate() != 0 {
		t.Errorf("sum: got %+v with %v", all, stops)
	}
}

func TestStopIsCountedAndNamed(t *testing.T) {
	rows, stops := Measure("/etc", []File{{"ssh/sshd_config", "# PermitEmptyPasswords yes\n"}}, chance())
	all := rows[len(edits)]
	if all.Stops != 1 || len(stops) != 1 || stops[0].Kind != "a setting taken in" || stops[0].Reason.Rule != "policy.setting" {
		t.Errorf("got %+v, %+v, want the setting that is taken in to be stopped", all, stops)
	}
}

func TestSameChanceSaysTheSame(t *testing.T) {
	files := []File{{"app.conf", plain}, {"empty", ""}}
	one, _ := Measure("/etc", files, chance())
	two, _ := Measure("/etc", files, chance())
	if !reflect.DeepEqual(one, two) {
		t.Errorf("got %+v and %+v", one, two)
	}
}
