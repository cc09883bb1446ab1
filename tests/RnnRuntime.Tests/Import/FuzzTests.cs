using RnnRuntime.Fuzz;

namespace RnnRuntime.Tests.Import;

/// <summary>A short part of what tests/RnnRuntime.Fuzz runs: mutants of every format are refused, or are valid models that run between guard pages.</summary>
public sealed class FuzzTests
{
    private const int Seed = 20260101;
    private const int Mutants = 400;

    public static TheoryData<string> Formats => [.. FuzzFormat.Names];

    [Theory]
    [MemberData(nameof(Formats))]
    public void MutantsAreRefusedOrRun(string name)
    {
        using var target = new FuzzTarget();
        var format = FuzzFormat.Create(name, models: null);
        Assert.All(format.Cases, original => Assert.True(target.Run(original, new Random(Seed)) == FuzzOutcome.Run, $"{original.Name}: {target.Refusal}"));

        var outcomes = new Dictionary<FuzzOutcome, int>();
        for (var index = 0; index < Mutants; index++)
        {
            try
            {
                var outcome = target.Run(format.Mutant(Seed, index), new Random(index));
                outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
            }
            catch (FuzzFailureException failure)
            {
                Assert.Fail($"--format {name} --seed {Seed} --only {index}: {failure}");
            }
        }

        // Were all refused at the door, nothing would be tested behind it.
        Assert.True(outcomes.GetValueOrDefault(FuzzOutcome.Refused) > Mutants / 4, $"{outcomes.GetValueOrDefault(FuzzOutcome.Refused)} refused");
        Assert.True(outcomes.GetValueOrDefault(FuzzOutcome.Run) >= 5, $"{outcomes.GetValueOrDefault(FuzzOutcome.Run)} run");
    }

    [Fact]
    public void AMutantIsTheSameEveryTime()
    {
        foreach (var name in FuzzFormat.Names)
        {
            var (first, second) = (FuzzFormat.Create(name, null).Mutant(3, 17), FuzzFormat.Create(name, null).Mutant(3, 17));
            Assert.Equal(first.File, second.File);
            Assert.Equal(first.Options.Topology, second.Options.Topology);
        }
    }
}
