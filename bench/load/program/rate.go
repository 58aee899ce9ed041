package main

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"time"
)

// Requests at a fixed rate. What each took counts from when it was planned, so that an answer that comes late makes
// those behind it late, too. Each client has a thread of its own that waits in the kernel: timers and connections of the
// runtime wake up to a millisecond late.
func planned(o options, prepare preparation) (result, error) {
	all, err := assemble(o, prepare, func(c *connection) {
		dial := c.dial
		c.dial = func() (net.Conn, error) { return blocking(dial) }
	})
	if err != nil {
		return result{}, err
	}
	// A thread that waits in the kernel keeps its processor for a while.
	runtime.GOMAXPROCS(o.clients + 2)
	measured := startMeter()
	total := int(o.rate * o.seconds)
	gap := seconds(1 / o.rate)
	_, err = together(o.clients, func(client int, _ *tally) error {
		runtime.LockOSThread()
		wakeExactly()
		for at := client; at < total; at += o.clients {
			plan := measured.began.Add(time.Duration(at) * gap)
			sleepUntil(plan)
			if err := all.jobs[client].work(); err != nil {
				return err
			}
			all.seen[client].times = append(all.seen[client].times, time.Since(plan))
		}
		return nil
	})
	measured.stop()
	if err != nil {
		return result{}, err
	}
	return all.finish(measured)
}

// Timers of this thread are else up to 50 µs late.
func wakeExactly() {
	const setTimerSlack = 29
	syscall.RawSyscall(syscall.SYS_PRCTL, setTimerSlack, 1, 0)
}

func sleepUntil(plan time.Time) {
	for left := time.Until(plan); left > 0; left = time.Until(plan) {
		wait := syscall.NsecToTimespec(int64(left))
		syscall.Nanosleep(&wait, nil) // ends early by a signal: then again
	}
}

// A connection whose reads block their thread.
type blockingConnection struct {
	net.Conn
	file *os.File
	fd   int
}

func blocking(dial func() (net.Conn, error)) (net.Conn, error) {
	opened, err := dial()
	if err != nil {
		return nil, err
	}
	tcp, ok := opened.(*net.TCPConn)
	if !ok {
		return nil, errors.New("not a TCP connection")
	}
	file, err := tcp.File()
	if err != nil {
		return nil, err
	}
	c := &blockingConnection{Conn: opened, file: file, fd: int(file.Fd())}
	if err := syscall.SetNonblock(c.fd, false); err != nil {
		return nil, err
	}
	limit := syscall.NsecToTimeval(int64(patience))
	return c, syscall.SetsockoptTimeval(c.fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &limit)
}

func (c *blockingConnection) Read(into []byte) (int, error) {
	return c.transfer("read", func() (int, error) { return syscall.Read(c.fd, into) })
}

func (c *blockingConnection) Write(from []byte) (int, error) {
	sent := 0
	for sent < len(from) {
		count, err := c.transfer("write", func() (int, error) { return syscall.Write(c.fd, from[sent:]) })
		if err != nil {
			return sent, err
		}
		sent += count
	}
	return sent, nil
}

func (c *blockingConnection) transfer(name string, once func() (int, error)) (int, error) {
	for {
		count, err := once()
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return 0, &net.OpError{Op: name, Net: "tcp", Err: err}
		case count == 0 && name == "read":
			return 0, io.EOF
		}
		return count, nil
	}
}

func (c *blockingConnection) Close() error {
	c.file.Close()
	return c.Conn.Close()
}
