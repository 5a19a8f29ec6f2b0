// Package client talks to a running daemon over its unix socket.
//
// It owns the transport and the reading of problems; the shapes are those of
// host/api. A Client is safe for concurrent use.
package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// Client sends requests to one daemon.
type Client struct {
	socket string
	http   *http.Client
}

// maxAnswer bounds what a client reads of one answer.
const maxAnswer = 64 << 20

// New returns a client for the daemon behind a socket. It does not connect.
func New(socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}
	return &Client{socket: socket, http: &http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// Error is a problem that the daemon answered with.
type Error struct {
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Type   string `json:"type"`
	// Errors are the places of a request that were wrong.
	Errors []struct {
		Message  string `json:"message"`
		Location string `json:"location"`
	} `json:"errors"`
}

// Error returns the problem's sentence, and what was wrong where.
func (e *Error) Error() string {
	text := e.Detail
	for n, one := range e.Errors {
		sep := "; "
		if n == 0 {
			sep = ": "
		}
		text += sep + strings.TrimPrefix(one.Location, "body.") + ": " + one.Message
	}
	return text
}

// Get reads a path into out.
func (c *Client) Get(ctx context.Context, path string, out any) error {
	return c.Do(ctx, http.MethodGet, path, nil, out)
}

// Once asks whether a path answers well, over a connection that is closed afterwards.
func (c *Client) Once(ctx context.Context, path string) error {
	defer c.http.CloseIdleConnections()
	return c.Do(ctx, http.MethodGet, path, nil, nil)
}

// Do sends a request with in as its JSON body, nil for none, and reads the
// answer into out, nil to drop it. A problem comes back as *Error.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	res, err := c.send(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the daemon's answer to %s %s: %w", method, path, err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		return problem(res.StatusCode, data)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("read the daemon's answer to %s %s: %w", method, path, err)
	}
	return nil
}

func (c *Client) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("write the request %s %s: %w", method, path, err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://homeostat"+path, body)
	if err != nil {
		return nil, fmt.Errorf("make the request %s %s: %w", method, path, err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.explain(err)
	}
	return res, nil
}

// explain turns what a missing or foreign daemon looks like into a sentence.
func (c *Client) explain(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no daemon answers on %s: start one with `homeostat run`, or name its socket with --socket", c.socket)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("no right to use %s: run as the daemon's user or root, or join the group set as [socket] group", c.socket)
	}
	return fmt.Errorf("ask the daemon on %s: %w", c.socket, err)
}

func problem(status int, data []byte) error {
	e := &Error{}
	if json.Unmarshal(data, e) != nil || e.Detail == "" {
		e.Detail = strings.TrimSpace(string(data))
	}
	if e.Detail == "" {
		e.Detail = http.StatusText(status)
	}
	e.Status = status
	return e
}

// Event is one server-sent event.
type Event struct {
	// ID goes into Last-Event-ID to read on after this event.
	ID    string
	Topic string
	Data  json.RawMessage
}

// Events calls fn for every event of the stream until the context ends, the
// daemon closes the stream or fn returns an error.
func (c *Client) Events(ctx context.Context, path string, fn func(Event) error) error {
	res, err := c.send(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= http.StatusBadRequest {
		data, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		return problem(res.StatusCode, data)
	}
	scanner := bufio.NewScanner(res.Body)
	scanner.Buffer(make([]byte, 64<<10), maxAnswer)
	var e Event
	for scanner.Scan() {
		name, value, _ := strings.Cut(scanner.Text(), ": ")
		switch name {
		case "id":
			e.ID = value
		case "event":
			e.Topic = value
		case "data":
			e.Data = json.RawMessage(value)
			if err := fn(e); err != nil {
				return err
			}
			e = Event{}
		}
	}
	if err := scanner.Err(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("read events: %w", err)
	}
	return ctx.Err()
}

// CloseIdle drops idle connections.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

// WaitReady asks until the daemon answers or the context ends.
func (c *Client) WaitReady(ctx context.Context) error {
	for {
		err := c.Do(ctx, http.MethodGet, "/healthz", nil, nil)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}
