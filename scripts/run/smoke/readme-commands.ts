/** The commands of a page in order: each line of a block marked sh, a here document with the line that opens it. */
export function commandsOf(page: string): string[] {
  const blocks = [...page.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)];
  return blocks.flatMap(([, language, text = '']) => (language === 'sh' ? splitCommands(text) : []));
}

function splitCommands(text: string): string[] {
  const commands: string[] = [];
  let end: string | undefined;
  for (const line of text.split('\n')) {
    if (end !== undefined || line.startsWith(' ') || commands.at(-1)?.endsWith('\\')) {
      commands[commands.length - 1] += `\n${line}`;
      if (line === end) end = undefined;
    } else if (line.trim() !== '' && !line.startsWith('#')) {
      commands.push(line);
      end = /<<\s*'?(\w+)'?\s*$/.exec(line)?.[1];
    }
  }
  return commands;
}
