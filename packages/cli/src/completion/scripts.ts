/** What a shell has to be told once; what may come next it asks each time, of `perdure complete`. */
export const shells = {
  bash: `# perdure: eval "$(perdure completion bash)", in ~/.bashrc
_perdure() {
  local IFS=$'\\n'
  COMPREPLY=($(perdure complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _perdure perdure
`,
  zsh: `#compdef perdure
# perdure: eval "$(perdure completion zsh)", in ~/.zshrc after compinit
_perdure() {
  local -a words_found
  words_found=("\${(@f)$(perdure complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -Q -a words_found || _files
}
compdef _perdure perdure
`,
  fish: `# perdure: perdure completion fish | source, in ~/.config/fish/config.fish
function __perdure
  set -l words (commandline -opc) (commandline -ct)
  perdure complete -- $words[2..-1] 2>/dev/null
end
complete -c perdure -f -a "(__perdure)"
complete -c perdure -n "string match -q -- '*.ts' (commandline -ct)" -F
`,
} as const;

export type Shell = keyof typeof shells;
