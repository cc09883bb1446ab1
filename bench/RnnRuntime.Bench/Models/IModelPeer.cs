using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Models;

/// <summary>One implementation of a <see cref="ModelProblem"/>; a step is one call.</summary>
internal interface IModelPeer : IPeer
{
    /// <summary>Makes the inputs those of this step for all calls that follow.</summary>
    void Load(int step);

    /// <summary>Outputs of the last call by name, and states by the names of their inputs.</summary>
    IReadOnlyDictionary<string, float[]> Results();
}
