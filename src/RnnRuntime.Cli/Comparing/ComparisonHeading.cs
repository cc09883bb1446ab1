namespace RnnRuntime.Cli.Comparing;

/// <summary>What was compared, in words.</summary>
/// <param name="Reference">The model that the other is held to.</param>
/// <param name="Candidate">The model that is held to it.</param>
/// <param name="Input">What both were given.</param>
/// <param name="Kernel">The kernel variant.</param>
internal sealed record ComparisonHeading(string Reference, string Candidate, string Input, string Kernel);
