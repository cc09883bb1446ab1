using System.Collections.Immutable;

namespace RnnRuntime.Import;

/// <summary>What came of an ONNX file, for whoever shows it.</summary>
/// <param name="FileNodes">Nodes of the file, those of all branches included.</param>
/// <param name="FoldedNodes">Of those that were reached, how many were computed during the import.</param>
/// <param name="States">Inputs that became states, in order.</param>
internal sealed record ImportReport(int FileNodes, int FoldedNodes, ImmutableArray<PairedState> States);

/// <summary>An input that an output replaces after each step.</summary>
/// <param name="Input">The input, now the state's name.</param>
/// <param name="Output">The output.</param>
/// <param name="Shape">Their shape in the file; passes may leave out extents of 1.</param>
/// <param name="IsGiven">Whether the user gave the pair; otherwise names and shapes told.</param>
internal sealed record PairedState(string Input, string Output, TensorShape Shape, bool IsGiven);
