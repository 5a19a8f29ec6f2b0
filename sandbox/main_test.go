package sandbox_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sandbox"
)

func TestMain(m *testing.M) {
	sandbox.MaybeWorker()
	maybeHost()
	goleak.VerifyTestMain(m)
}
