using RnnRuntime.Import;

namespace RnnRuntime.Fuzz;

/// <summary>A file and what the user says with it.</summary>
internal sealed record FuzzCase(string Name, byte[] File, RnnImportOptions Options);

/// <summary>A mutant that did what no file may do.</summary>
internal sealed class FuzzFailureException(string message, Exception? cause = null) : Exception(message, cause);
