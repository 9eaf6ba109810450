-- The names in a folder, sorted; none where it cannot be read.

local lfs = require("lfs")

return function(folder)
  local names = {}
  local opened, each, state = pcall(lfs.dir, folder)
  if not opened then return names end
  for name in each, state do
    if name ~= "." and name ~= ".." then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end
