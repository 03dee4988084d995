package web_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/shared/testkit"
	"marketplace/shared/web"
)

const live = "GET /health/live HTTP/1.1\r\nHost: shop\r\n\r\n"

// raw is a client's connection without anything that would repeat a request.
type raw struct {
	net.Conn
	t      *testing.T
	reader *bufio.Reader
}

func dialRaw(t *testing.T, v *serving) *raw {
	t.Helper()
	conn, err := net.Dial("tcp", v.addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	return &raw{Conn: conn, t: t, reader: bufio.NewReader(conn)}
}

func (v *serving) addr() string { return strings.TrimPrefix(v.URL, "http://") }

func (c *raw) send(request string) {
	c.t.Helper()
	_, err := io.WriteString(c, request)
	require.NoError(c.t, err)
}

// answer reads a whole reply and says whether it is the connection's last.
func (c *raw) answer(status int) (last bool) {
	c.t.Helper()
	res, err := http.ReadResponse(c.reader, nil)
	require.NoError(c.t, err)
	_, err = io.ReadAll(res.Body)
	require.NoError(c.t, err)
	require.NoError(c.t, res.Body.Close())
	require.Equal(c.t, status, res.StatusCode)
	return res.Close
}

// knock says what a new client meets: nil for a connection, a time-out while the listener is emptied, in the end a refusal.
func (v *serving) knock() error {
	conn, err := net.DialTimeout("tcp", v.addr(), 100*time.Millisecond)
	if err == nil {
		_ = conn.Close()
	}
	return err
}

func (v *serving) refuses() bool { return errors.Is(v.knock(), syscall.ECONNREFUSED) }

// gate is a listener whose process is too busy to accept until it is opened.
type gate struct {
	*net.TCPListener
	opened chan struct{}
}

func (g *gate) Accept() (net.Conn, error) {
	<-g.opened
	return g.TCPListener.Accept()
}

func TestServe_P47_WhatOnlyTheKernelHasAcceptedIsAnswered(t *testing.T) {
	listener, err := web.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	g := &gate{TCPListener: listener.(*net.TCPListener), opened: make(chan struct{})}
	open := sync.OnceFunc(func() { close(g.opened) })
	t.Cleanup(open)
	v := serveOn(t, bare(), g)
	var clients []*raw
	for i := range 50 {
		c := dialRaw(t, v)
		if i%2 == 0 {
			c.send(live) // the others have sent nothing before the listener is closed
		}
		clients = append(clients, c)
	}
	v.Stop()
	testkit.Eventually(t, time.Minute, func() bool { return v.knock() != nil }, "a new one is not let in")
	open()
	testkit.Eventually(t, time.Minute, v.refuses)
	for i, c := range clients {
		if i%2 != 0 {
			c.send(live)
		}
		require.True(t, c.answer(http.StatusOK))
	}
	require.NoError(t, <-v.Done)
}

func TestServe_P47_NoConnectionEndsUnannounced(t *testing.T) {
	s := bare()
	begun := make(chan struct{}, 1)
	waits(s, "/wait", -1, begun, nil)
	v := serve(t, s)
	kept := dialRaw(t, v)
	kept.send(live)
	require.False(t, kept.answer(http.StatusOK))
	running := dialRaw(t, v)
	running.send("POST /wait HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
	<-begun

	v.Stop()
	require.True(t, running.answer(http.StatusOK), "a request that the stop found running")
	kept.send(live)
	require.True(t, kept.answer(http.StatusOK), "one that came after it")
	for _, c := range []*raw{running, kept} {
		_, err := c.reader.ReadByte()
		require.ErrorIs(t, err, io.EOF)
	}
	require.NoError(t, <-v.Done)
}

// Changes that nobody may repeat, on kept connections and on new ones.
func TestServe_P47_UnderLoadARequestIsAnsweredOrRefused(t *testing.T) {
	s := bare()
	var effects, answers atomic.Int64
	web.Handle(s, auth.Public(), web.WithoutKey(huma.Operation{Method: "POST", Path: "/"}, "Harmless."), func(context.Context, *struct{}) (*struct{ Body string }, error) {
		effects.Add(1)
		return &struct{ Body string }{"done"}, nil
	})
	v := serve(t, s)
	var clients sync.WaitGroup
	for i := range 16 {
		transport := &http.Transport{DisableKeepAlives: i%2 == 0}
		t.Cleanup(transport.CloseIdleConnections)
		clients.Go(func() {
			for {
				err := change(&http.Client{Transport: transport}, v.URL)
				if errors.Is(err, syscall.ECONNREFUSED) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				if answers.Add(1) == 500 {
					v.Stop()
				}
			}
		})
	}
	clients.Wait()
	require.NoError(t, <-v.Done)
	require.GreaterOrEqual(t, answers.Load(), int64(500))
	require.Equal(t, answers.Load(), effects.Load())
}

// change posts once and reads the whole reply.
func change(client *http.Client, url string) error {
	res, err := client.Post(url, "", http.NoBody)
	if err != nil {
		return err
	}
	_, err = io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = errors.New(res.Status)
	}
	return errors.Join(err, res.Body.Close())
}
