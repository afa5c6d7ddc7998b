import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type * as Debian from '../../scripts/debian.mjs' with { 'resolution-mode': 'import' };

describe('the Debian archive in the sources of apt', () => {
  let debian: typeof Debian;
  before(async () => {
    debian = await import('../../scripts/debian.mjs');
  });

  it('is found in lines, with and without options', () => {
    const lines = (line: string): string | undefined => debian.mirrorInLines(`# comment\n${line}\n`);
    assert.equal(lines('deb http://mirror.test/debian bookworm main'), 'http://mirror.test/debian');
    assert.equal(
      lines('deb [arch=amd64 signed-by=/k.gpg] https://mirror.test/debian/ sid main'),
      'https://mirror.test/debian/',
    );
  });

  it('is none that is commented out, holds sources, security updates or another system', () => {
    const text = [
      '# deb http://mirror.test/debian bookworm main',
      'deb-src http://mirror.test/debian bookworm main',
      'deb http://mirror.test/debian-security bookworm-security main',
      'deb http://mirror.test/ubuntu noble main',
      'deb http://mirror.test/archive/debian/20250520T000000Z bookworm main',
    ];
    assert.equal(debian.mirrorInLines(text.join('\n')), undefined);
  });

  it('is found in stanzas, wherever the field continues', () => {
    const security = 'Types: deb\nURIs: http://mirror.test/debian-security\nSuites: x\n';
    const archive =
      'Types: deb\n# a comment\nURIs:\n http://other.test/x\n http://mirror.test/debian\nSuites: x\n';
    assert.equal(debian.mirrorInStanzas(`${security}\n${archive}`), 'http://mirror.test/debian');
    assert.equal(debian.mirrorInStanzas(security), undefined);
  });

  it('is a list of mirrors, too, as images for clouds have it', () => {
    const text = 'Types: deb\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: sid\n';
    assert.equal(debian.mirrorInStanzas(text), 'mirror+file:///etc/apt/mirrors/debian.list');
  });

  it('is none of a stanza that is switched off', () => {
    const text = 'Enabled: no\nTypes: deb\nURIs: http://mirror.test/debian\nSuites: x\n';
    assert.equal(debian.mirrorInStanzas(text), undefined);
  });
});
