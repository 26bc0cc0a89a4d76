/**
 * Shell completion of `minik` and of the bundled kubectl: small scripts that call `PROGRAM __complete WORD…` to get the
 * completions of the last word, one a line.
 */

/** The shells for which there is completion. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export const isShell = (name: string | undefined): name is Shell => shells.some((shell) => shell === name);

/**
 * The program is called as it stands on the command line, by `eval`, because it may be an alias. The names of the
 * functions are those of kubectl's own scripts, which aliases are told of (`complete -F __start_kubectl k`).
 */
const scripts: Readonly<Record<Shell, (program: string) => string>> = {
  bash: (program) => `__start_${program}() {
  local found
  found="$(eval "\${COMP_WORDS[0]} __complete $(printf ' %q' "\${COMP_WORDS[@]:1:COMP_CWORD}")" 2>/dev/null)"
  local word="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=($(compgen -W "$found" -- "\${word#=}"))
}
complete -o default -F __start_${program} ${program}
`,
  zsh: (program) => `#compdef ${program}
_${program}() {
  local -a found
  found=("\${(@f)$(eval "\${words[1]} __complete \${(@q)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[*]}" ]]; then compadd -- "\${found[@]}"; else _files; fi
}
compdef _${program} ${program}
`,
  fish: (program) => `function __${program}_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  $words[1] __complete $words[2..] "$current" 2>/dev/null
end
complete -c ${program} -a '(__${program}_complete)'
`,
};

export const completionScript = (shell: Shell, program: 'minik' | 'kubectl'): string => scripts[shell](program);
