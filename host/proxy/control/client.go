package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/homeostat/homeostat/host/proxy/circuit"
)

// Client is the daemon's end. Use NewClient.
type Client struct {
	path string
	http *http.Client
}

// NewClient returns the client of the proxy at a socket.
func NewClient(path string) *Client {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
		MaxIdleConns: 1, MaxResponseHeaderBytes: 8 << 10,
	}
	return &Client{path: path, http: &http.Client{Transport: transport}}
}

// Close lets go of the connection.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Status asks the proxy how it is. The context bounds the wait.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return c.call(ctx, http.MethodGet, pathStatus, nil)
}

// Obey gives the proxy an order and returns where the link stands then.
func (c *Client) Obey(ctx context.Context, o circuit.Order) (Status, error) {
	return c.call(ctx, http.MethodPost, pathCircuit, o)
}

// Drain has the proxy take no more callers and end when its callers have, or
// after the link's drain time.
func (c *Client) Drain(ctx context.Context) (Status, error) {
	return c.call(ctx, http.MethodPost, pathDrain, nil)
}

func (c *Client) call(ctx context.Context, method, path string, body any) (s Status, err error) {
	var message bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&message).Encode(body); err != nil {
			return s, fmt.Errorf("ask the proxy: %w", err)
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://proxy"+path, &message)
	if err != nil {
		return s, fmt.Errorf("ask the proxy: %w", err)
	}
	a, err := c.http.Do(r)
	if err != nil {
		return s, fmt.Errorf("ask the proxy: %w", err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(io.LimitReader(a.Body, maxMessage))
	if err != nil {
		return s, fmt.Errorf("read the proxy's answer: %w", err)
	}
	if a.StatusCode != http.StatusOK {
		return s, fmt.Errorf("ask the proxy: it said %s: %.200s", a.Status, text)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("read the proxy's answer: %w", err)
	}
	return s, nil
}
