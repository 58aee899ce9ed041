package main

import (
	"bytes"
	"errors"
	"time"
)

// What a server may take longer than the run, at the most.
const patience = 60 * time.Second

func limitOf(o options) time.Duration {
	return seconds(o.seconds+o.settle) + patience
}

// What one client repeats, and what it does when the run is over.
type job struct{ work, end func() error }

// Clients with their connections, each prepared.
type crew struct {
	jobs []job
	seen []*tally
}

type preparation func(c *connection) (job, error)

// Prepares all clients at a time. `adapt` may change the connection of one before it is opened.
func assemble(o options, prepare preparation, adapt func(c *connection)) (*crew, error) {
	to, err := readTarget(o)
	if err != nil {
		return nil, err
	}
	all := &crew{jobs: make([]job, o.clients)}
	all.seen, err = together(o.clients, func(at int, seen *tally) error {
		c := newConnection(to, seen, limitOf(o))
		adapt(c)
		prepared, err := prepare(c)
		all.jobs[at] = job{work: prepared.work, end: func() error {
			defer c.shut()
			return prepared.end()
		}}
		*seen = tally{}
		return err
	})
	return all, err
}

// Sums up what was measured, and ends what the clients have begun.
func (a *crew) finish(measured *meter) (result, error) {
	found := measured.sum(a.seen)
	_, err := together(len(a.jobs), func(at int, _ *tally) error { return a.jobs[at].end() })
	return found, err
}

// Clients that repeat what they have prepared until the time is over.
func repeat(o options, prepare preparation) (result, error) {
	all, err := assemble(o, prepare, func(*connection) {})
	if err != nil {
		return result{}, err
	}
	measured := startMeter()
	until := measured.began.Add(seconds(o.seconds))
	_, err = together(o.clients, func(at int, _ *tally) error {
		work, seen := all.jobs[at].work, all.seen[at]
		seen.times = make([]time.Duration, 0, 1<<16)
		for now := time.Now(); now.Before(until); {
			if err := work(); err != nil {
				return err
			}
			done := time.Now()
			seen.times = append(seen.times, done.Sub(now))
			now = done
		}
		return nil
	})
	measured.stop()
	if err != nil {
		return result{}, err
	}
	return all.finish(measured)
}

// The same page of a running query of each client, again and again: the same token gives the same bytes.
func polls(o options) (result, error) {
	if o.rate > 0 {
		return planned(o, preparePoll)
	}
	return repeat(o, preparePoll)
}

func preparePoll(c *connection) (job, error) {
	path, err := c.runningPage(endless)
	first := bytes.Clone(c.text)
	request := bytes.Clone(c.request("GET", path, ""))
	work := func() error {
		if err := c.ask(request, nil); err != nil {
			return err
		}
		if !bytes.Equal(c.text, first) {
			return errors.New("the same page has other bytes")
		}
		return nil
	}
	return job{work: work, end: func() error { return c.cancel(path) }}, err
}

// Whole statements: the submission and every page to the last.
func queries(o options) (result, error) {
	prepare := func(c *connection) (job, error) {
		return job{work: func() error { return c.runQuery(o.statement) }, end: nothing}, nil
	}
	if o.rate > 0 {
		return planned(o, prepare)
	}
	return repeat(o, prepare)
}

// Submissions that nobody polls, so nothing runs: what it takes to the first answer.
func submissions(o options) (result, error) {
	prepare := func(c *connection) (job, error) {
		work := func() error {
			_, err := c.submit(o.statement)
			return err
		}
		return job{work: work, end: nothing}, nil
	}
	if o.rate > 0 {
		return planned(o, prepare)
	}
	return repeat(o, prepare)
}

// A large page again and again.
func pages(o options) (result, error) {
	return repeat(o, func(c *connection) (job, error) {
		path, err := c.runningPage(large)
		length := len(c.text)
		c.text = nil
		c.buffer = make([]byte, 256<<10)
		request := bytes.Clone(c.request("GET", path, ""))
		work := func() error {
			got := 0
			err := c.ask(request, func(part []byte) error {
				got += len(part)
				return nil
			})
			if err == nil && got != length {
				err = errors.New("the same page has another length")
			}
			return err
		}
		return job{work: work, end: nothing}, err
	})
}

func nothing() error { return nil }
