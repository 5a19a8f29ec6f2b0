package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Warm fills the cache with what a mix wants, the rarest first, as a service does
// that was up for long.
func Warm(ctx context.Context, address string, m Mix) error {
	var all [][]byte
	for n := m.Keys - 1; n >= 0; n-- {
		all = append(all, filling(request{kind: get, key: n, mix: &m}))
	}
	for n := range m.Hashes {
		all = append(all, filling(request{kind: wide, key: n, mix: &m}))
	}
	_, err := exchange(ctx, address, all)
	if err != nil {
		return fmt.Errorf("warm the cache: %w", err)
	}
	return nil
}

// Tell sends one command and returns its answer, if that is a status or a number.
func Tell(ctx context.Context, address string, words ...string) (string, error) {
	said, err := exchange(ctx, address, [][]byte{appendCommand(nil, words...)})
	if err != nil {
		return "", fmt.Errorf("tell redis %s: %w", words[0], err)
	}
	return said, nil
}

// exchange sends commands one after the other over a connection of its own, and
// returns the last answer.
func exchange(ctx context.Context, address string, commands [][]byte) (said string, err error) {
	c, err := (&net.Dialer{Timeout: hang}).DialContext(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() }) // what is read below ends with it
	defer stop()
	in := bufio.NewReader(c)
	for _, command := range commands {
		if err := c.SetDeadline(time.Now().Add(hang)); err != nil {
			return "", err
		}
		if _, err := c.Write(command); err != nil {
			return "", err
		}
		a, err := readReply(in)
		if err != nil {
			return "", err
		}
		if a.failed != "" {
			return "", errors.New(a.failed)
		}
		said = a.text
	}
	return said, nil
}
