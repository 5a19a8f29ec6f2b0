package sockshop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/bench-detect/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write makes a case whose fault is in the named component.
func write(t *testing.T, dir, cause string) {
	t.Helper()
	for _, file := range []string{"normal.csv", "anomalous.csv"} {
		var text strings.Builder
		text.WriteString("time,carts_cpu,user_cpu\n")
		for i := range 120 {
			values := map[string]int{"carts": 10 + i%3, "user": 20 + i%4}
			if file == "anomalous.csv" {
				values[cause] += 90
			}
			fmt.Fprintf(&text, "%d,%d,%d\n", i, values["carts"], values["user"])
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheShareOfRightCausesIsCounted(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "carts-cpu", "1"), "carts")
	write(t, filepath.Join(dir, "user-cpu", "1"), "carts") // labelled wrongly
	rows, err := run(t.Context(), table.Input{Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	if rows[0].Got != 0.5 || rows[0].Verdict() != "missed" || rows[1].Got != 0.9 {
		t.Errorf("got %+v, want AC@1 .5 and Avg@5 .9", rows[:2])
	}
}
