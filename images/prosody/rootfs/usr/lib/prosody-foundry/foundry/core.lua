-- One of Prosody's own libraries ("core.portmanager", "net.server"): 13.0 keeps them under a name of their own.
return function(name)
  local found, library = pcall(require, "prosody." .. name)
  return found and library or require(name)
end
