package proxy

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/proxy/serve"
)

// childName makes the test binary a proxy.
const childName = "serve-as-proxy"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == childName {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		if err := serve.Inherited(ctx, os.Args[2], "test"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
