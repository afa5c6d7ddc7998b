import { withImageFile } from '../image/bytes';
import type { LoadedImage, Mapping } from './types';
import { fileMappings, procLink } from './linux-proc';

const DELETED = ' (deleted)';

/** Program files of the target, the main executable first: files of which a part may be run, or was, like `.data`. */
export function loadedImages(pid: number): LoadedImage[] {
  const byPath = new Map<string, Mapping[]>();
  for (const mapping of fileMappings(pid)) {
    const known = byPath.get(mapping.path);
    if (known) known.push(mapping);
    else byPath.set(mapping.path, [mapping]);
  }
  const main = procLink(pid, 'exe');
  const images = [...byPath].map(([path, parts]) => loadedImage(pid, path, parts, path === main));
  return images.filter(isProgram).sort((a, b) => Number(b.path === main) - Number(a.path === main));
}

function isProgram(image: LoadedImage): boolean {
  return image.mappings.some((mapping) => mapping.executable);
}

function loadedImage(pid: number, path: string, parts: Mapping[], main: boolean): LoadedImage {
  return {
    path,
    mappings: parts,
    withBytes: (use) => {
      for (const candidate of places(pid, path, parts, main)) {
        const result = withImageFile(candidate, use);
        if (result !== undefined) return result;
      }
      return undefined;
    },
  };
}

/** The file may be deleted by an upgrade, or lie in another mount namespace or root. */
function places(pid: number, path: string, parts: Mapping[], main: boolean): string[] {
  const first = parts[0];
  const range = first && `${first.start.toString(16)}-${first.end.toString(16)}`;
  return [
    ...(main ? [`/proc/${pid}/exe`] : []),
    ...(path.endsWith(DELETED) ? [] : [`/proc/${pid}/root${path}`]),
    `/proc/${pid}/map_files/${range}`,
  ];
}
