import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { namedHosts, namesLoopback } from '../index.ts';

type Request = { host?: string[]; url?: string; authority?: string };
const request = ({ host = [], url = '/', authority }: Request) =>
  ({
    url,
    rawHeaders: host.flatMap((value) => ['Host', value]),
    ...(authority !== undefined && { authority }),
  }) as IncomingMessage;

test('hosts are read wherever a request names them, in one form', () => {
  expect(namedHosts(request({ host: ['LocalHost:8000'] }))).toEqual(['localhost:8000']);
  expect(namedHosts(request({ host: ['a:80', 'B:'] }))).toEqual(['a', 'b']);
  expect(namedHosts(request({ authority: '[::1]:8000' }))).toEqual(['[::1]:8000']);
  expect(namedHosts(request({ host: ['a'], url: 'HTTP://b:8000/c?d=http://e/' }))).toEqual(['b:8000', 'a']);
  expect(namedHosts(request({ url: '/?u=http://a/' }))).toEqual([]);
  expect(namedHosts(request({ host: [''] }))).toEqual([]);
});

test.each(['a b', 'user@a', 'a/b', 'a?b', 'a#b', 'a:99999', 'http://a', '\\a'])('"%s" is no host', (host) => {
  expect(namedHosts(request({ host: [host] }))).toBeUndefined();
  expect(namesLoopback(request({ host: [host] }))).toBe(false);
});

test('a request names this machine only if every host in it does', () => {
  expect(namesLoopback(request({ host: ['127.0.0.1:8000', 'localhost'] }))).toBe(true);
  expect(namesLoopback(request({ host: ['localhost', 'attacker.example'] }))).toBe(false);
  expect(namesLoopback(request({ host: ['localhost'], url: 'http://attacker.example/' }))).toBe(false);
  expect(namesLoopback(request({ host: ['localhost'], authority: 'attacker.example' }))).toBe(false);
});
