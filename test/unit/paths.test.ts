import assert from 'node:assert/strict';
import { win32 } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Paths } from '../../src/adapter/paths';
import { Sources } from '../../src/adapter/sources';

function paths(...mappings: [localRoot: string, remoteRoot: string][]): Paths {
  const made = new Paths();
  made.configure(mappings.map(([localRoot, remoteRoot]) => ({ localRoot, remoteRoot })));
  return made;
}

describe('path mappings', () => {
  it('replace the root, both ways', () => {
    const made = paths(['/home/me/app', '/app']);
    assert.equal(made.toRemote('/home/me/app/a/b.py'), '/app/a/b.py');
    assert.equal(made.toLocal('/app/a/b.py'), '/home/me/app/a/b.py');
  });

  it('leave other paths alone, also those that only begin alike', () => {
    const made = paths(['/home/me/app', '/app']);
    assert.equal(made.toRemote('/home/me/apple/a.py'), '/home/me/apple/a.py');
    assert.equal(made.toLocal('<string>'), '<string>');
  });

  it('refuse a broken URI as the mistake that it is', () => {
    for (const uri of ['file://host/a.py', 'file:///a%.py']) {
      assert.throws(() => paths().toRemote(uri), { id: 'bad-arguments' });
    }
  });

  it('take paths of Windows whatever their letters and slashes', () => {
    const made = new Paths(win32);
    made.configure([{ localRoot: 'c:/Work/App/', remoteRoot: 'D:\\srv' }]);
    assert.equal(made.toRemote('C:\\work\\app\\a\\b.py'), 'D:\\srv\\a\\b.py');
    assert.equal(made.toLocal('d:/SRV/a.py'), 'c:\\Work\\App\\a.py');
    assert.equal(made.toRemote('C:\\work\\apple\\a.py'), 'C:\\work\\apple\\a.py');
    assert.equal(made.toLocal('<string>'), '<string>');
  });

  it('prefer the longest root', () => {
    const made = paths(['/src', '/app'], ['/src/lib', '/opt/lib'], ['/other', '/app/plugins']);
    assert.equal(made.toRemote('/src/lib/x.py'), '/opt/lib/x.py');
    assert.equal(made.toRemote('/src/main.py'), '/app/main.py');
    assert.equal(made.toLocal('/app/plugins/p.py'), '/other/p.py');
  });

  it('ignore final slashes and dots', () => {
    const made = paths(['/src/./x/..//', '/app/']);
    assert.equal(made.toRemote('/src/a/../b.py'), '/app/b.py');
    assert.equal(made.toLocal('/app/b.py'), '/src/b.py');
  });

  it('may map the root folder', () => {
    const made = paths(['/container', '/']);
    assert.equal(made.toLocal('/usr/x.py'), '/container/usr/x.py');
    assert.equal(made.toRemote('/container/usr/x.py'), '/usr/x.py');
  });

  it('are undone by their inverse', () => {
    const name = fc.stringMatching(/^[a-z]{1,5}$/);
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), (parts) => {
        const made = paths(['/local/root', '/remote']);
        const file = `/local/root/${parts.join('/')}`;
        assert.equal(made.toLocal(made.toRemote(file)), file);
      }),
    );
  });

  it('speak URIs with a client that does', () => {
    const made = paths(['/src', '/app']);
    made.useUris();
    assert.equal(made.toRemote('file:///src/a%20b.py'), '/app/a b.py');
    assert.equal(made.toClient('/src/a b.py'), 'file:///src/a%20b.py');
  });
});

describe('sources', () => {
  const sources = (...onDisk: string[]): Sources =>
    new Sources(paths(['/src', '/app']), (path) => onDisk.includes(path));

  it('on this disk are plain paths', () => {
    assert.deepEqual(sources('/src/a.py').toClient({ path: '/app/a.py' }), {
      name: 'a.py',
      path: '/src/a.py',
    });
  });

  it('only in the target get a reference, the same each time', () => {
    const made = sources();
    const first = made.toClient({ path: '/app/a.py' });
    assert.deepEqual(first, { name: 'a.py', path: '/src/a.py', sourceReference: 1 });
    assert.deepEqual(made.toClient({ path: '/app/a.py' }), first);
    assert.equal(made.toClient({ path: '/app/b.py' }).sourceReference, 2);
    assert.deepEqual(made.requested({ sourceReference: 1 }), { path: '/app/a.py' });
    assert.equal(made.remotePath({ source: { sourceReference: 2, path: '/src/b.py' } }), '/app/b.py');
  });

  it("keep the agent's references behind their own", () => {
    const made = sources('/src/a.py');
    const { sourceReference } = made.toClient({ name: '<string>', sourceReference: 900 });
    assert.equal(sourceReference, 1);
    assert.deepEqual(made.requested({ source: { sourceReference: 1 }, sourceReference: 1 }), {
      sourceReference: 900,
    });
  });

  it('that nobody knows are refused', () => {
    assert.throws(() => sources().requested({ sourceReference: 5 }), { id: 'source-unavailable' });
    assert.throws(() => sources().remotePath({ source: { name: 'a' } }), { id: 'bad-arguments' });
  });
});
