package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Bounds on one attempt.
const (
	// DefaultTimeout ends an attempt, the answer included. Standard Webhooks
	// recommends 15 to 30 s.
	DefaultTimeout = 15 * time.Second
	// maxExcerpt is how much of an answer is looked at.
	maxExcerpt     = 1 << 10
	maxAnswerHead  = 16 << 10
	connectTimeout = 10 * time.Second
)

// Client posts to one receiver.
type Client struct {
	address string
	host    string
	secret  *Secret
	agent   string
	http    *http.Client
}

// Options are what a Client needs.
type Options struct {
	// Address is the receiver's absolute http or https address.
	Address string
	// Secret signs; nil for messages without a signature.
	Secret *Secret
	// Agent is the User-Agent.
	Agent string
	// Timeout ends an attempt; zero means DefaultTimeout.
	Timeout time.Duration
}

// New returns a client. It connects to nobody.
func New(opt Options) (*Client, error) {
	parsed, err := url.Parse(opt.Address)
	if err != nil || parsed.Host == "" {
		return nil, errors.New("the webhook's address is not an http or https address")
	}
	if opt.Timeout <= 0 {
		opt.Timeout = DefaultTimeout
	}
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    connectTimeout,
		MaxIdleConns:           1,
		MaxConnsPerHost:        1,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: maxAnswerHead,
		ForceAttemptHTTP2:      true,
	}
	return &Client{
		address: opt.Address, host: parsed.Scheme + "://" + parsed.Host, secret: opt.Secret, agent: opt.Agent,
		http: &http.Client{
			Transport: transport, Timeout: opt.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Host names the receiver without what may be secret in its address.
func (c *Client) Host() string { return c.host }

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Message is what is posted.
type Message struct {
	ID   string
	Body []byte
}

// Answer is what came back.
type Answer struct {
	// Status is the HTTP status, zero when there was none.
	Status int
	// Excerpt is the beginning of the body, for people; it is a stranger's text.
	Excerpt string
	// RetryAfter is how long the receiver wants to be left alone.
	RetryAfter time.Duration
	// Err says why the message does not count as delivered, nil when it does.
	Err error
}

// Post makes one attempt at the present time.
func (c *Client) Post(ctx context.Context, m Message) Answer {
	now := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address, bytes.NewReader(m.Body))
	if err != nil {
		return Answer{Err: fmt.Errorf("post to %s: %w", c.host, c.bare(err))}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", c.agent)
	if c.secret != nil {
		req.Header.Set("Webhook-Id", m.ID)
		req.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
		req.Header.Set("Webhook-Signature", c.secret.Sign(m.ID, now, m.Body))
	}
	res, err := c.http.Do(req)
	if err != nil {
		return Answer{Err: fmt.Errorf("post to %s: %w", c.host, c.bare(err))}
	}
	defer res.Body.Close()
	excerpt, _ := io.ReadAll(io.LimitReader(res.Body, maxExcerpt)) // a cut answer has its status all the same
	a := Answer{Status: res.StatusCode, Excerpt: strings.ToValidUTF8(string(excerpt), "\uFFFD"), RetryAfter: retryAfter(res.Header.Get("Retry-After"), now)}
	a.Err = c.judge(res)
	return a
}

func (c *Client) judge(res *http.Response) error {
	switch status := res.StatusCode; {
	case status >= 200 && status < 300:
		return nil
	case status >= 300 && status < 400:
		to := "elsewhere"
		if at, err := res.Location(); err == nil {
			to = "to " + at.Scheme + "://" + at.Host
		}
		return fmt.Errorf("%s answers %d and points %s: redirects are not followed, set the final address", c.host, status, to)
	case status == http.StatusGone:
		return fmt.Errorf("%s answers 410: it wants no messages any more", c.host)
	default:
		return fmt.Errorf("%s answers %d %s", c.host, status, http.StatusText(status))
	}
}

// bare takes the address out of an error of net/http.
func (c *Client) bare(err error) error {
	var wrapped *url.Error
	if !errors.As(err, &wrapped) {
		return err
	}
	if wrapped.Timeout() {
		return fmt.Errorf("no answer within %v", c.http.Timeout)
	}
	return wrapped.Err
}

// retryAfter reads a header of RFC 9110, in seconds or as a date.
func retryAfter(text string, now time.Time) time.Duration {
	const most = 1 << 31 // seconds; beyond it a Duration would overflow
	if seconds, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), most)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
