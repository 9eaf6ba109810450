-- Gives a backend its `read` and `write`, which do for each kind of store, "keyval" and "archive", what one function does.

return function(methods, readers, writers)
  -- The records of one user, in their order.
  function methods:read(section, user)
    return readers[section.kind](self, section, user)
  end

  function methods:write(section, record)
    writers[section.kind](self, section, record)
  end
end
