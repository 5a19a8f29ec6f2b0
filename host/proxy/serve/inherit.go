package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/proxy/circuit"
	"github.com/homeostat/homeostat/host/proxy/spec"
)

// Inheritance is what the daemon tells the proxy that it starts. The listeners
// come as descriptors, opened by the daemon: the proxy has no right to.
type Inheritance struct {
	Spec  spec.Spec     `json:"spec"`
	Begin circuit.Order `json:"begin"`
}

// The descriptors, in the order of exec.Cmd's ExtraFiles.
const (
	listenerDescriptor = 3 + iota
	controlDescriptor
)

// Inherited runs the proxy that the daemon has started, until the context ends.
func Inherited(ctx context.Context, message, version string) error {
	var in Inheritance
	if err := json.Unmarshal([]byte(message), &in); err != nil {
		return fmt.Errorf("read what the daemon wants of the proxy: %w", err)
	}
	if err := in.Spec.Validate(); err != nil {
		return fmt.Errorf("run the proxy of %s: %w", in.Spec.Name(), err)
	}
	listener, err := listenerOf(listenerDescriptor)
	if err != nil {
		return fmt.Errorf("take over the listener of %s: %w", in.Spec.Name(), err)
	}
	control, err := listenerOf(controlDescriptor)
	if err != nil {
		listener.Close()
		return fmt.Errorf("take over the control socket of %s: %w", in.Spec.Name(), err)
	}
	log := hclog.New(&hclog.LoggerOptions{Name: "proxy", Output: os.Stderr, Level: hclog.Info})
	return Run(ctx, Options{Spec: in.Spec, Version: version, Log: log, Listener: listener, Control: control, Begin: in.Begin})
}

func listenerOf(descriptor uintptr) (net.Listener, error) {
	file := os.NewFile(descriptor, "inherited")
	defer file.Close()
	return net.FileListener(file)
}
