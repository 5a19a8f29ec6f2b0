package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Bounds of what strangers may send us.
const (
	bodyMax   = 1 << 20
	answerMax = 64 << 10
	textMax   = 200
)

// errUnfit marks a failure to ask, as opposed to a wrong answer: the outcome is inconclusive.
var errUnfit = errors.New("could not ask")

// Ask makes one attempt, on a connection of its own. It takes at most the probe's timeout, or until ctx ends: an
// attempt that ctx ended is inconclusive.
func (s Spec) Ask(ctx context.Context) Outcome {
	s = s.withDefaults()
	within, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	began := time.Now()
	text, err := s.ask(within)
	o := Outcome{Verdict: Pass, Latency: time.Since(began), Text: text}
	switch {
	case err == nil && s.LatencyMax > 0 && o.Latency > s.LatencyMax:
		o.Verdict, o.Text = Fail, fmt.Sprintf("answered after %v, allowed are %v", o.Latency.Round(time.Millisecond), s.LatencyMax)
	case err == nil:
	case ctx.Err() != nil || errors.Is(err, errUnfit):
		o.Verdict, o.Text = Inconclusive, short(err.Error())
	case within.Err() != nil:
		o.Verdict, o.Text = Fail, fmt.Sprintf("no answer within %v", s.Timeout)
	default:
		o.Verdict, o.Text = Fail, short(err.Error())
	}
	return o
}

func (s Spec) ask(ctx context.Context) (string, error) {
	switch s.Kind {
	case HTTP:
		return s.askHTTP(ctx)
	case TCP:
		return s.askSocket(ctx, "tcp", s.Address)
	case Unix:
		return s.askSocket(ctx, "unix", s.Path)
	case Exec:
		return s.askCommand(ctx)
	default:
		return "", fmt.Errorf("%w: no way of asking is called %q", errUnfit, s.Kind)
	}
}

func (s Spec) askHTTP(ctx context.Context) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errUnfit, err)
	}
	request.Header.Set("User-Agent", "homeostat-probe")
	transport := &http.Transport{DisableKeepAlives: true, Proxy: nil}
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return "", explain(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, bodyMax))
	if err != nil {
		return "", fmt.Errorf("read the body of status %d: %w", answer.StatusCode, err)
	}
	if answer.StatusCode < s.StatusMin || answer.StatusCode > s.StatusMax {
		return "", fmt.Errorf("status %d, want %d to %d", answer.StatusCode, s.StatusMin, s.StatusMax)
	}
	if !bytes.Contains(body, []byte(s.BodyContains)) {
		return "", fmt.Errorf("status %d, but the body does not contain %q", answer.StatusCode, short(s.BodyContains))
	}
	return fmt.Sprintf("status %d", answer.StatusCode), nil
}

func (s Spec) askSocket(ctx context.Context, network, address string) (string, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return "", explain(err)
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return "", fmt.Errorf("%w: %w", errUnfit, err)
		}
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if _, err := io.WriteString(conn, s.Send); err != nil {
		return "", fmt.Errorf("send: %w", err)
	}
	if s.Expect == "" {
		return "connected", nil
	}
	return "answered as expected", s.expect(conn)
}

// expect reads until the expected text has come; the answer may arrive in any number of pieces.
func (s Spec) expect(conn io.Reader) error {
	var got []byte
	piece := make([]byte, 4096)
	for len(got) < answerMax {
		n, err := conn.Read(piece)
		got = append(got, piece[:n]...)
		if bytes.Contains(got, []byte(s.Expect)) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("got %q, want %q: %w", short(string(got)), s.Expect, err)
		}
	}
	return fmt.Errorf("%q is not in the first %d bytes of the answer", s.Expect, answerMax)
}

func (s Spec) askCommand(ctx context.Context) (string, error) {
	if len(s.Command) == 0 {
		return "", fmt.Errorf("%w: the probe has no command", errUnfit)
	}
	const reapWithin = time.Second // for a descendant that keeps the output open
	var output bounded
	cmd := exec.CommandContext(ctx, s.Command[0], s.Command[1:]...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = s.Dir, s.Env, reapWithin
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.Credential}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err := cmd.Run()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return "", fmt.Errorf("%w: %s", exit, short(output.String()))
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, exec.ErrWaitDelay) {
		return "", fmt.Errorf("%w: %w", errUnfit, err)
	}
	return short(output.String()), err
}

// bounded keeps the beginning of what is written to it and drops the rest, so that a probe may print as it likes.
type bounded struct{ bytes.Buffer }

// Write never fails: a probe is not to be ended by its own output.
func (b *bounded) Write(p []byte) (int, error) {
	if room := answerMax - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// explain tells a host that cannot ask (no descriptors, no memory, no such name) from one that gives no answer.
func explain(err error) error {
	for _, ours := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EADDRNOTAVAIL, os.ErrPermission} {
		if errors.Is(err, ours) {
			return fmt.Errorf("%w: %w", errUnfit, err)
		}
	}
	if dns := new(net.DNSError); errors.As(err, &dns) {
		return fmt.Errorf("%w: %w", errUnfit, err)
	}
	return err
}

func short(text string) string {
	text = strings.TrimSpace(text)
	if len(text) <= textMax {
		return text
	}
	return strings.ToValidUTF8(text[:textMax], "") + "…"
}
