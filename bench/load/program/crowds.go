package main

import (
	"errors"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"
)

// At so many a time connections are opened and statements submitted.
const opening = 32

// Clients that read one large page each, so slowly that all together take the time that is given for the bytes.
func slow(o options) (result, error) {
	perClient := o.bytes / int64(o.clients)
	rate := float64(perClient) / o.seconds
	to, err := readTarget(o)
	if err != nil {
		return result{}, err
	}
	first := newConnection(to, &tally{}, limitOf(o))
	defer first.shut()
	path, err := first.runningPage(large)
	if err != nil {
		return result{}, err
	}
	request := first.request("GET", path, "")
	measured := startMeter()
	seen, err := together(o.clients, func(_ int, seen *tally) error {
		c := newConnection(to, seen, limitOf(o))
		defer c.shut()
		c.buffer = make([]byte, 64<<10)
		dial := c.dial
		c.dial = func() (net.Conn, error) { return slowly(dial) }
		for seen.bytes < perClient {
			began := time.Now()
			err := c.ask(request, func(part []byte) error {
				time.Sleep(time.Until(measured.began.Add(seconds(float64(seen.bytes) / rate))))
				return nil
			})
			if err != nil {
				return err
			}
			seen.times = append(seen.times, time.Since(began))
		}
		return nil
	})
	if err != nil {
		return result{}, err
	}
	measured.stop()
	return measured.sum(seen), nil
}

// The buffer of a client that is far away, not all that the kernel would give to one on this machine.
func slowly(dial func() (net.Conn, error)) (net.Conn, error) {
	opened, err := dial()
	if err != nil {
		return nil, err
	}
	tcp, ok := opened.(*net.TCPConn)
	if !ok {
		return nil, errors.New("not a TCP connection")
	}
	return opened, tcp.SetReadBuffer(256 << 10)
}

// Clients that keep their connections open and poll rarely, each at a time of its own. They share a few queries.
func idle(o options) (result, error) {
	to, err := readTarget(o)
	if err != nil {
		return result{}, err
	}
	queries := make([]string, min(opening, o.clients))
	owner := newConnection(to, &tally{}, limitOf(o))
	defer owner.shut()
	for at := range queries {
		if queries[at], err = owner.runningPage(endless); err != nil {
			return result{}, err
		}
	}
	found, err := crowd(o, to, func(c *connection, at int) (func() error, error) {
		request := c.request("GET", queries[at%len(queries)], "")
		work := func() error { return c.ask(request, nil) }
		return work, work()
	})
	if err != nil {
		return result{}, err
	}
	for _, path := range queries {
		if err := owner.cancel(path); err != nil {
			return result{}, err
		}
	}
	return found, nil
}

// Clients that each have submitted a statement and follow its links, however often they are told that it is queued. At the
// end each cancels its own.
func waiting(o options) (result, error) {
	to, err := readTarget(o)
	if err != nil {
		return result{}, err
	}
	paths := make([]string, o.clients)
	found, err := crowd(o, to, func(c *connection, at int) (func() error, error) {
		var err error
		paths[at], err = c.submit(endless)
		work := func() error {
			if err := c.ask(c.request("GET", paths[at], ""), nil); err != nil {
				return err
			}
			path, err := c.nextPath(c.text)
			if err == nil && path == "" {
				err = errors.New("an endless statement has ended")
			}
			paths[at] = path
			return err
		}
		return work, err
	})
	if err != nil {
		return result{}, err
	}
	last := newConnection(to, &tally{}, limitOf(o))
	defer last.shut()
	for _, path := range paths {
		if err := last.cancel(path); err != nil {
			return result{}, err
		}
	}
	return found, nil
}

// Clients that are prepared a few at a time and then work at a steady pace; what they do while they settle does not count.
func crowd(o options, to *target, prepare func(c *connection, at int) (func() error, error)) (result, error) {
	places := make(chan struct{}, opening)
	pace := seconds(o.every)
	var prepared atomic.Int64
	var counts atomic.Bool
	allPrepared, over := make(chan struct{}), make(chan struct{})
	var measured *meter
	go func() {
		<-allPrepared
		time.Sleep(seconds(o.settle))
		measured = startMeter()
		counts.Store(true)
		time.Sleep(seconds(o.seconds))
		counts.Store(false)
		measured.stop()
		close(over)
	}()
	seen, err := together(o.clients, func(at int, seen *tally) error {
		c := newConnection(to, seen, limitOf(o)+patience)
		defer c.shut()
		places <- struct{}{}
		work, err := prepare(c, at)
		<-places
		if err != nil {
			return err
		}
		if prepared.Add(1) == int64(o.clients) {
			close(allPrepared)
		}
		*seen = tally{}
		next := time.Now().Add(time.Duration(rand.Float64() * float64(pace)))
		for {
			select {
			case <-over:
				return nil
			case <-time.After(time.Until(next)):
			}
			began := time.Now()
			if err := work(); err != nil {
				return err
			}
			if counts.Load() {
				seen.times = append(seen.times, time.Since(began))
			}
			if next = next.Add(pace); next.Before(time.Now()) {
				next = time.Now()
			}
		}
	})
	if err != nil {
		return result{}, err
	}
	return measured.sum(seen), nil
}

func seconds(count float64) time.Duration {
	return time.Duration(count * float64(time.Second))
}
