package screen

import (
	"testing"

	"github.com/homeostat/homeostat/host/screen/pattern"
)

func TestEveryPatternOfTheScreenCompiles(t *testing.T) {
	if err := pattern.CompileAll(); err != nil {
		t.Error(err)
	}
}
