package journal

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets the test binary act as the process that is killed; see kill_test.go.
func TestMain(m *testing.M) {
	if dir := os.Getenv(victimVariable); dir != "" {
		victim(dir)
		return
	}
	goleak.VerifyTestMain(m)
}
