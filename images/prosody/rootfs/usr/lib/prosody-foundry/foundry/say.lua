-- One line on standard error, as Prosody's own log has them.
return function(level, sentence)
  io.stderr:write(("prosody-foundry\t%s\t%s\n"):format(level, sentence))
end
