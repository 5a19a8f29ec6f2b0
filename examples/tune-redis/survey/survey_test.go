package survey

import (
	"context"
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/tune-redis/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEachTriedSettingDiffersFromTheDefaults(t *testing.T) {
	defaults := service.Defaults()
	seen := map[string]bool{}
	for _, s := range tried {
		if defaults[s.key] == s.value || seen[s.key+s.value] {
			t.Errorf("%s %s is the default, or tried twice", s.key, s.value)
		}
		seen[s.key+s.value] = true
	}
}

func TestMissingServerAndEndedContextAreSaid(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if err := Run(t.Context(), t.TempDir(), nil, nil); err == nil || !strings.Contains(err.Error(), "redis-server") {
		t.Errorf("without redis-server: got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := wait(ctx, settle); !errors.Is(err, context.Canceled) {
		t.Errorf("wait: got %v", err)
	}
}
