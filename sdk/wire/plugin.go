package wire

import (
	"context"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// Plugin is the one entry of go-plugin's plugin set on both sides. On the
// plugin's side Register adds the services; on the host's side go-plugin
// dispenses a *Client.
type Plugin struct {
	plugin.NetRPCUnsupportedPlugin
	Register func(grpc.ServiceRegistrar)
}

// GRPCServer registers the services of the plugin.
func (p Plugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	p.Register(s)
	return nil
}

// GRPCClient returns a *Client for the connection.
func (p Plugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return NewClient(conn), nil
}

// Set is the plugin set for one side.
func Set(register func(grpc.ServiceRegistrar)) plugin.PluginSet {
	return plugin.PluginSet{Name: Plugin{Register: register}}
}
