import type { AnyDesc, DescFile } from '@bufbuild/protobuf';
import { getComments, getSyntaxComments } from '@bufbuild/protoplugin';

/** The comment above a part of the contract, lines joined to paragraphs; list items keep lines of their own. */
export function commentOf(desc: Exclude<AnyDesc, DescFile>): string {
  return joined(getComments(desc).leading);
}

/** The comment at the head of a file. */
export function headComment(file: DescFile): string {
  return joined(getSyntaxComments(file).leading);
}

function joined(comment: string | undefined): string {
  const lines = (comment ?? '').split('\n').map((line) => line.replace(/^ /, '').trimEnd());
  return lines
    .join('\n')
    .trim()
    .replaceAll(/\n(?!\n|- )(?<!\n\n)/g, ' ')
    .replaceAll(/ {2,}/g, ' ');
}
